import { note, warn } from '../base/command-line.ts';
import { peakBytes } from '../base/peak-memory.ts';
import { createProgress } from '../base/progress.ts';
import type { Terminal } from '../base/terminal.ts';
import { resolveTrainConfig } from '../training/config.ts';
import { trainModel } from '../training/train.ts';
import type { TrainOrder } from './run.ts';

/**
 * What differs from training's defaults. Payments' amounts and latencies are of one order, so numbers stay as they are: a
 * spike twenty times the usual must not be squeezed by a logarithm. More steps than the default, since there are minutes
 * to spare, and a cut, so that a slow machine does not take more of them than people like to wait.
 */
const SETTINGS = { numbers: 'standard', steps: 4000, timeBudget: 80, replace: true } as const;

/** Trains as `aristarch train` does, and shows the same progress. */
export async function trainForDemo({ end, ...order }: TrainOrder, terminal: Terminal): Promise<void> {
  const config = resolveTrainConfig({ flags: {}, env: {}, file: { ...order, data: [order.data], ...SETTINGS } });
  let progress = createProgress(terminal, { label: 'training', unit: 'updates', quiet: true });
  let started = false;
  try {
    await trainModel(config, {
      note: (message) => note(terminal, message),
      warn: (message) => warn(terminal, message),
      onUpdates: (done, total, remark) => {
        if (!started) progress = createProgress(terminal, { label: 'training', unit: 'updates', total });
        started = true;
        progress.update(done, remark);
      },
      signal: end,
      now: () => new Date(),
      seconds: () => performance.now() / 1000,
      peakBytes,
    });
  } finally {
    progress.finish();
  }
}

import { createRandom } from '../../src/base/philox.ts';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { stylegan } from '../../src/models/families/stylegan.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { runTask } from '../../src/training/steps/run-task.ts';
import type { OneStep } from './result.ts';
import { cpuSeconds } from './train.ts';

/** An eighth of ProGAN's channels (Karras et al. 2018, table 2): two at 1024 pixels. */
const CHANNELS = { channelBase: 2048, channelMost: 64 } as const;

/** One step at the full size, on noise for images: that the networks grow so far, and with what memory. */
export async function takeOneStep(executor: Executor, size: number, batch: number): Promise<OneStep> {
  const file = { ...CHANNELS, imageSize: size, ownBatch: batch, regulariserInterval: 1, lastParts: 1 };
  const values = resolveSettings(stylegan.settings, { flags: {}, env: {}, file });
  stylegan.check(values);
  const plan = stylegan.planGame!(values, { channels: 3, size });
  const task = { ...plan.taskOf(plan.phases.at(-1)!, batch), steps: 1 };
  const width = 3 * size ** 2;
  const data = new Float32Array(batch * width);
  createRandom(1).stream('images').fillUniform(data, 0);
  const startedAt = cpuSeconds();
  let compiledAt = startedAt;
  const { history } = await runTask({
    ...{ executor, task, random: createRandom(1), stepsPerCall: 1, table: { data, shape: [batch, width] } },
    onStart: () => (compiledAt = cpuSeconds()),
    onProgress: () => Promise.resolve('continue'),
  });
  return {
    ...{ size, batch, channels: CHANNELS, updates: task.updatesPerStep },
    losses: Object.fromEntries(Object.entries(history).map(([name, of]) => [name, of[0]!])),
    compileSeconds: compiledAt - startedAt,
    stepSeconds: cpuSeconds() - compiledAt,
    peakBytes: peakBytes(),
  };
}

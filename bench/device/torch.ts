import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { processorName } from '../../src/runtime/hardware/hardware.ts';
import { openLines } from '../step/torch.ts';
import { FEATURES, STEP_ROWS, type Figure } from './figures.ts';
import { torchGame } from './games.ts';
import type { Machine } from './machines.ts';
import { widthsOf } from './scoring.ts';

const SCRIPT = fileURLToPath(new URL('../device_torch.py', import.meta.url));
const helloSchema = z.object({ version: z.string(), gpu: z.string().nullable() });
const answerSchema = z.object({ perSecond: z.number() });

/** The figures by PyTorch, on a GPU where it finds one; or why it is not there. */
export async function openTorchFigures(python: string): Promise<Machine | string> {
  const lines = openLines(SCRIPT, [], python);
  if (typeof lines === 'string') return lines;
  const { version, gpu } = helloSchema.parse(await lines.read());
  return {
    description: `PyTorch ${version} eager, ${gpu === null ? '1 thread' : 'CUDA'}`,
    hardware: gpu ?? processorName(),
    kind: gpu === null ? 'processor' : 'gpu',
    async measure(figure, forMs) {
      lines.write(JSON.stringify({ ...figure, ...detailsOf(figure), forMs }));
      return answerSchema.parse(await lines.read()).perSecond;
    },
  };
}

function detailsOf(figure: Figure): object {
  if (figure.kind === 'style') return { game: torchGame(figure.size) };
  const hidden = [figure.width, figure.width];
  return {
    widths: widthsOf(figure.width),
    size: { batch: STEP_ROWS, features: FEATURES, latent: FEATURES, rows: 10_000, hidden },
  };
}

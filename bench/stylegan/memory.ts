import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { peakBytes } from '../../src/base/peak-memory.ts';
import { DIGITS } from './sets.ts';
import { CACHE, trainStyleGan } from './train.ts';

/** Many short phases: each compiles a program, plays, draws pictures and writes a checkpoint, as each of a long run does. */
export const LONG = {
  ...{ imageSize: 16, growFrom: 4, phaseImages: 1000, lastImages: 6000, lastParts: 24 },
  ...{ steps: 20, withoutNegatives: ['rot'], calibrationShare: 0.05, crossBelow: 0, seed: 1 },
} as const;

export const memorySchema = z.object({
  seconds: z.number(),
  phases: z.array(
    z.object({
      name: z.string(),
      /** Images that the own critic was shown so far. */
      seen: z.number(),
      /** Of the process, after the phase: resident, and the most so far. */
      residentBytes: z.number(),
      peakBytes: z.number(),
    }),
  ),
});
export type Memory = z.infer<typeof memorySchema>;

/** Trains from the beginning, in this process, and looks at its memory after each phase. */
export async function measureMemory(): Promise<Memory> {
  const name = 'memory';
  await rm(join(CACHE, `${name}.checkpoint`), { recursive: true, force: true });
  const phases: Memory['phases'] = [];
  let seen = 0;
  const { seconds } = await trainStyleGan({
    ...{ name, data: DIGITS, settings: LONG },
    onPhase: ({ phase, task, progress }) => {
      seen += Math.round((phase.images * progress.stepsDone) / task.steps);
      const { rss: residentBytes } = process.memoryUsage();
      phases.push({ name: phase.name, seen, residentBytes, peakBytes: peakBytes() });
      return Promise.resolve();
    },
  });
  return { seconds, phases };
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Detector } from '../../../src/scoring/detector.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { createBatchedDetector } from '../../../src/server/batching/batched-detector.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { normalOrders, useTinyModel } from '../../support/train-tiny.ts';

const model = useTinyModel();

describe('a score', () => {
  let detector: Detector;
  const sizes: number[] = [];
  beforeAll(async () => {
    detector = await openDetector(model().folder, { device: 'cpu' });
  });
  afterAll(() => detector.close());

  it('is the same to the bit alone and beside any number of others', async () => {
    const batched = createBatchedDetector(detector, {
      limits: { maxBatchRows: 64, maxDelayMs: 0, maxQueueRows: 10_000 },
      clock: SYSTEM_CLOCK,
      events: { onBatch: (rows) => sizes.push(rows), onTurn: () => undefined, onRefusal: () => undefined },
    });
    const { rowWidth } = detector.description;
    const rows = detector.encode(normalOrders(700, 3));
    const alone: number[] = [];
    for (let row = 0; row < 700; row++) {
      const { scores } = await detector.score(rows.subarray(row * rowWidth, (row + 1) * rowWidth));
      alone.push(scores[0]!);
    }
    // Callers with one row, two, three, ... at the same time, several times over.
    for (let callers = 1, from = 0; callers <= 20; callers++) {
      const jobs = Array.from({ length: callers }, (_, job) => 1 + ((job * 7 + callers) % 5));
      const starts = jobs.map((_, job) => (from + jobs.slice(0, job).reduce((sum, each) => sum + each, 0)) % 690);
      const answers = await Promise.all(
        jobs.map((count, job) =>
          batched.score(rows.subarray(starts[job]! * rowWidth, (starts[job]! + count) * rowWidth)),
        ),
      );
      answers.forEach(({ scores }, job) =>
        expect([...scores]).toEqual(alone.slice(starts[job], starts[job]! + jobs[job]!)),
      );
      from += 37;
    }
    expect(Math.max(...sizes)).toBeGreaterThan(30);
    expect(new Set(sizes).size).toBeGreaterThan(10);
  });
});

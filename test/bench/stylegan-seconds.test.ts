import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cpuSeconds, keepSpent, secondsOf } from '../../bench/stylegan/train.ts';

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'aristarch-seconds-'));
});
afterAll(() => rm(cache, { recursive: true, force: true }));

/** Computes for so many seconds of CPU. */
function compute(seconds: number): void {
  const end = cpuSeconds() + seconds;
  while (cpuSeconds() < end);
}

describe('the seconds of a run of the bench', () => {
  it('are those of all processes that had a part in it, and begin anew with a run that goes on from nothing', () => {
    expect(secondsOf('run', cache)).toBeNull();
    const first = keepSpent('run', false, cache);
    compute(0.2);
    expect(first()).toBeGreaterThanOrEqual(0.2);
    const second = keepSpent('run', true, cache);
    compute(0.1);
    expect(second()).toBeGreaterThanOrEqual(0.3);
    expect(secondsOf('run', cache)).toBeGreaterThanOrEqual(0.3);
    expect(keepSpent('run', false, cache)()).toBeLessThan(0.1);
  });
});

import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { keepJoined } from '../../../src/server/kafka/keep-joined.ts';
import { spread } from '../../../src/server/kafka/spread.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { waitUntil } from '../../support/wait-until.ts';

describe('a wait for brokers', () => {
  it('is at least half as long as it may be, and at most as long, by what is drawn', () => {
    expect([0, 0.5, 0.999].map((drawn) => spread(10_000, () => drawn))).toEqual([5_000, 7_500, 9_995]);
  });

  it('is drawn anew for each attempt to join', async () => {
    const waits: number[] = [];
    const abort = new AbortController();
    const drawn = [0, 0.5, 0];
    const joining = keepJoined(
      {
        open: () => Promise.reject(new AristarchError('UNAVAILABLE', 'no broker answers')),
        state: { wait: () => undefined, hasJoined: () => false },
        clock: SYSTEM_CLOCK,
        log: pino({}, { write: (line) => void waits.push((JSON.parse(line) as { delayMs: number }).delayMs) }),
        metrics: createMetrics().kafka,
        timeoutMs: undefined,
        draw: () => drawn.shift() ?? 1,
      },
      abort.signal,
    );
    await waitUntil('three attempts', () => waits.length >= 3);
    abort.abort();
    await joining;
    // Of 250, 500 and 1,000 milliseconds.
    expect(waits.slice(0, 3)).toEqual([125, 375, 500]);
  });
});

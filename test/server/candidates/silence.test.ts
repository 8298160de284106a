import { expect, it } from '@jest/globals';
import type { RawRecord } from '../../../src/scoring/detector.ts';
import { Candidates } from '../../../src/server/candidates/candidates.ts';
import { Silence } from '../../../src/server/candidates/silence.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { createGate, until } from '../../support/until.ts';

it('who was asked and answers nothing is silent after a while, until something was answered', async () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const silence = new Silence(clock, 100);
  const who = {};
  const never = () => new Promise(() => undefined);
  expect(silence.of(who)).toBe(false);
  void silence.hear(who, never);
  clock.nowMs = 99;
  expect(silence.of(who)).toBe(false);
  clock.nowMs = 100;
  expect(silence.of(who)).toBe(true);
  // A full queue says so at once; that is no answer.
  await expect(silence.hear(who, () => Promise.reject(new Error('the queue is full')))).rejects.toThrow('full');
  expect(silence.of(who)).toBe(true);
  await silence.hear(who, () => Promise.resolve());
  expect(silence.of(who)).toBe(false);
  // Of whom nothing is asked, nothing is expected.
  const idle = {};
  await silence.hear(idle, () => Promise.resolve());
  clock.nowMs = 1_000_000;
  expect(silence.of(idle)).toBe(false);
});

it('who answers late each time, or gives up late, is silent until an answer comes in time', async () => {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const silence = new Silence(clock, 100);
  const who = {};
  const after = (ms: number, end: () => Promise<void> = () => Promise.resolve()) => {
    const asked = silence.hear(who, () => {
      clock.nowMs += ms;
      return end();
    });
    return asked.catch(() => undefined);
  };
  await after(150);
  expect(silence.of(who)).toBe(true);
  await after(99);
  expect(silence.of(who)).toBe(false);
  await after(100, () => Promise.reject(new Error('given up')));
  expect(silence.of(who)).toBe(true);
  await after(10, () => Promise.reject(new Error('refused')));
  expect(silence.of(who)).toBe(true);
  await after(10);
  expect(silence.of(who)).toBe(false);
});

it('events wait for a candidate that hangs once, and it has its share again as soon as it answers what nobody waits for', async () => {
  const gate = createGate();
  const [serving, candidate] = [
    toOpenModel(createNumberDetector()),
    toOpenModel(createNumberDetector(() => gate.wait())),
  ];
  const lease = () => ({ model: candidate, release: () => undefined });
  const rule = { version: '1', canary: 1, shadow: 0, key: undefined };
  const metrics = createMetrics();
  const candidates = new Candidates({
    models: { candidateOf: () => ({ rule, choice: { model: 'numbers', version: '2' }, peek: lease, acquire: lease }) },
    ...{ metrics: metrics.candidates, clock: SYSTEM_CLOCK, timeoutMs: 50, record: () => undefined },
    limits: { maxRows: 100, timeShare: 1 },
  });
  const records: RawRecord[] = [{ x: 1 }, { x: 2 }];
  const split = async () => {
    const parts = [{ model: serving, places: [0, 1] }];
    const routed = { parts, refused: [], release: () => undefined };
    return (await candidates.split(routed, records, String)).parts;
  };
  const [tried] = await split();
  expect(tried?.model).toBe(candidate);
  await expect(tried!.instead!.attempt(() => candidate.detector.score(records))).rejects.toThrow('within 50 ms');
  const [muted, ...none] = await split();
  expect([muted?.model, muted?.places, none]).toEqual([serving, [0, 1], []]);
  muted!.onScored!(records, await serving.detector.score(records));
  gate.open();
  await until('it has answered in time', async () => {
    const [part] = await split();
    if (part?.model === candidate) return true;
    part!.onScored!(records, await serving.detector.score(records));
    return false;
  });
  expect((await metrics.render()).body).toMatch(
    /^aristarch_candidate_failures_total\{model="numbers",code="DEADLINE_EXCEEDED"\} [1-9]/m,
  );
  candidates.stop();
});

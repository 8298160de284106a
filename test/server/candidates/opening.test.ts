import { expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { CandidateOpenings } from '../../../src/server/candidates/opening.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import type { Candidate, Lease } from '../../../src/server/models/port.ts';
import { createGate, until } from '../../support/until.ts';

/** A candidate that opens as it is told to; counts the attempts. */
function createCandidate(open: () => Promise<void>) {
  let attempts = 0;
  let lease: Lease | undefined;
  const candidate: Candidate = {
    rule: { canary: 1, shadow: 0 },
    choice: { model: 'pumps', version: '2' },
    peek: () => lease,
    acquire: async () => {
      attempts++;
      await open();
      return (lease = { model: {} as Lease['model'], release: () => undefined });
    },
  };
  return { candidate, attempts: () => attempts };
}

it('waits a while for a candidate that hangs, once; then nobody does, until it is open', async () => {
  const gate = createGate();
  const { candidate, attempts } = createCandidate(() => gate.wait());
  const openings = new CandidateOpenings(SYSTEM_CLOCK, 300);
  const codes: string[] = [];
  const wait = () => openings.wait(candidate, ({ code }) => codes.push(code));
  const startedMs = performance.now();
  expect(await wait()).toBeUndefined();
  expect(performance.now() - startedMs).toBeGreaterThan(290);
  const laterMs = performance.now();
  for (let call = 0; call < 20; call++) expect(await wait()).toBeUndefined();
  expect(performance.now() - laterMs).toBeLessThan(20 * 300);
  expect([attempts(), codes.length, new Set(codes)]).toEqual([1, 21, new Set(['DEADLINE_EXCEEDED'])]);
  gate.open();
  await until('it is open', () => candidate.peek() !== undefined);
  expect(await wait()).toBeDefined();
});

it('tries a candidate that cannot be opened again at growing intervals, however many ask', async () => {
  const { candidate, attempts } = createCandidate(() =>
    Promise.reject(new AristarchError('RESOURCE_EXHAUSTED', 'no memory')),
  );
  let nowMs = 0;
  const openings = new CandidateOpenings({ monotonicMs: () => nowMs });
  const codes: string[] = [];
  const report = ({ code }: AristarchError): void => void codes.push(code);
  const seen: number[] = [];
  for (const atMs of [0, 0, 999, 1000, 2000, 2999, 3000, 6999, 7000]) {
    nowMs = atMs;
    expect(await openings.wait(candidate, report)).toBeUndefined();
    expect(openings.peek(candidate, report)).toBeUndefined();
    seen.push(attempts());
  }
  expect(seen).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 4]);
  // Each answer that the candidate did not give is counted.
  expect(codes).toEqual(Array.from({ length: 18 }, () => 'RESOURCE_EXHAUSTED'));
});

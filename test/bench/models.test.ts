import { expect, it } from '@jest/globals';
import { checkBars, describeSection, HEADING, replaceSection, type Result } from '../../bench/models/page.ts';
import { growthOf, type Reloads } from '../../bench/models/reloads.ts';

const MANY = {
  ...{ models: 10, maxLoaded: 2, mebibytesBefore: 100, mebibytes: [110, 112], open: 2 },
  milliseconds: { lastRound: 9, again: 1 },
};
const ALL = { ...MANY, maxLoaded: 10, open: 10, mebibytes: [105] };
const LATENCY = { p50: 0.5, p99: 2, largest: 9 };
const RELOADS: Reloads = {
  ...{ reloads: 20, warmUp: 5, leastMebibytes: [130, 100, 109], mostMebibytes: [140, 120, 150], kibibytesEach: 3 },
  ...{ secondsEach: 0.1, answered: 500, failed: 0, latency: { before: LATENCY, beside: LATENCY } },
};
const RESULT: Result = {
  ...{ machine: 'a machine', many: { all: ALL, few: MANY }, reloads: { worker: RELOADS, auto: RELOADS } },
};
const missed = (changes: Partial<Result>): readonly string[] =>
  checkBars({ ...RESULT, ...changes }).flatMap(({ name, isMet }) => (isMet ? [] : [name]));
const reloaded = (way: keyof Result['reloads'], changes: Partial<Reloads>): Partial<Result> => ({
  reloads: { ...RESULT.reloads, [way]: { ...RELOADS, ...changes } },
});
const many = (changes: Partial<typeof MANY>): Partial<Result> => ({ many: { all: ALL, few: { ...MANY, ...changes } } });

it('memory that grows, a call that fails and a model too many that is open miss a bar', () => {
  expect(missed({})).toEqual([]);
  expect(missed(reloaded('worker', { failed: 1 }))).toEqual([expect.stringMatching(/worker.*failed/)]);
  expect(missed(many({ open: 3 }))).toEqual([expect.stringMatching(/open/)]);
  expect(missed(many({ mebibytes: [100, 111] }))).toEqual([expect.stringMatching(/last round/)]);
});

it('memory that grows behind a first tenth that was high misses the bar', () => {
  expect(missed(reloaded('auto', { leastMebibytes: [130, 100, 111] }))).toEqual([
    expect.stringMatching(/auto.*reloads/),
  ]);
});

it('growth is what the second half of the reloads adds, each', () => {
  const warmed = [300, 290, 280, 270, 260, 250, 240, 230, 220, 210];
  const growing = Array.from({ length: 10 }, (_, reload) => 200 + reload / 8 + (reload % 2 === 0 ? 0 : 5));
  const { kibibytesEach, leastMebibytes } = growthOf([...warmed, ...growing]);
  // By numpy.polyfit(range(10), growing, 1)[0] * 1024.
  expect(kibibytesEach).toBeCloseTo(283.15, 1);
  expect(leastMebibytes).toEqual([290, 270, 250, 230, 210, 200, 200.25, 200.5, 200.75, 201]);
  expect(growthOf(Array<number>(40).fill(7)).kibibytesEach).toBe(0);
});

it('what was measured takes the place of its section alone', () => {
  const page = replaceSection(`# Models\n\n${HEADING}\n\nold\n\n## Others\n`, describeSection(RESULT));
  expect(page).toMatch(/^# Models\n\n## What they take\n\n[^]*\| resident memory of an open model \| 0.50 MiB /);
  expect(page).toMatch(/\n\n## Others\n$/);
  expect(page).not.toContain('old');
  expect(() => replaceSection('# Models\n', '')).toThrow(/no section/);
});

import { expect, it } from '@jest/globals';
import { checkBars, describeSection, HEADING, replaceSection, type Result } from '../../bench/models/page.ts';

const MANY = {
  ...{ models: 10, maxLoaded: 2, mebibytesBefore: 100, mebibytes: [110, 112], open: 2 },
  milliseconds: { lastRound: 9, again: 1 },
};
const RESULT: Result = {
  ...{ machine: 'a machine', all: { ...MANY, maxLoaded: 10, open: 10, mebibytes: [105] }, few: MANY },
  reloads: {
    ...{ reloads: 20, warmUp: 5, leastMebibytes: [100, 109], mostMebibytes: [120, 150] },
    ...{ secondsEach: 0.1, answered: 500, failed: 0 },
  },
};
const missed = (changes: Partial<Result>): readonly string[] =>
  checkBars({ ...RESULT, ...changes }).flatMap(({ name, isMet }) => (isMet ? [] : [name]));

it('memory that grows, a call that fails and a model too many that is open miss a bar', () => {
  expect(missed({})).toEqual([]);
  expect(missed({ reloads: { ...RESULT.reloads, leastMebibytes: [100, 111] } })).toEqual([
    expect.stringMatching(/reloads/),
  ]);
  expect(missed({ reloads: { ...RESULT.reloads, failed: 1 } })).toEqual([expect.stringMatching(/failed/)]);
  expect(missed({ few: { ...MANY, open: 3 } })).toEqual([expect.stringMatching(/open/)]);
  expect(missed({ few: { ...MANY, mebibytes: [100, 111] } })).toEqual([expect.stringMatching(/last round/)]);
});

it('what was measured takes the place of its section alone', () => {
  const page = replaceSection(`# Models\n\n${HEADING}\n\nold\n\n## Others\n`, describeSection(RESULT));
  expect(page).toMatch(/^# Models\n\n## What they take\n\n[^]*\| resident memory of an open model \| 0.50 MiB /);
  expect(page).toMatch(/\n\n## Others\n$/);
  expect(page).not.toContain('old');
  expect(() => replaceSection('# Models\n', '')).toThrow(/no section/);
});

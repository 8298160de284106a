import { expect, it } from '@jest/globals';
import { describe as describeResult, type Result } from '../../bench/serve/result.ts';

const RESULT: Result = {
  ...{ machine: 'a machine', loadBefore: 0, rounds: 1, seconds: 1 },
  start: { median: 0.5, slowest: 0.6 },
  memory: { rows: 1000, mebibytes: [100, 101] },
};

/** The bars of a page, each with what stands in its last column. */
const linesOf = (result: Result): readonly string[] =>
  describeResult(result)
    .text.split('\n')
    .filter((line) => /^\| (start|memory)/.test(line))
    .map((line) => line.split('|').at(-2)!.trim());

it('a bar of the speed page says which build it was measured on, and where that is not the last one', () => {
  expect(linesOf(RESULT)).toEqual(['met', 'met']);
  const earlier = 'not measured on bbbb';
  expect(linesOf({ ...RESULT, builds: { start: 'bbbb' }, build: 'bbbb' })).toEqual([
    'commit bbbb',
    `an earlier build; ${earlier}`,
  ]);
  expect(linesOf({ ...RESULT, builds: { start: 'bbbb', memory: 'aaaa' }, build: 'bbbb' })).toEqual([
    'commit bbbb',
    `commit aaaa; ${earlier}`,
  ]);
});

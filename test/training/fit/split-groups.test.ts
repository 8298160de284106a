import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { splitRows } from '../../../src/training/fit/split.ts';

const OPTIONS = { crossBelow: 100, folds: 3, heldOutShare: 0.2, mostHeldOut: 10_000 };

describe('a split of rows in groups', () => {
  it('holds the same share of each group out, of a rare one too', () => {
    const groupOf = (row: number): string => (row % 40 === 0 ? 'rare' : 'common');
    for (const seed of [1, 2, 3]) {
      const split = splitRows(4000, createRandom(seed), { ...OPTIONS, groupOf });
      const [round] = split.rounds;
      const held = [...round!.heldOut].filter((row) => groupOf(row) === 'rare');
      expect(held).toHaveLength(20);
      expect(round!.heldOut).toHaveLength(800);
      expect(new Set([...round!.heldOut, ...split.final]).size).toBe(4000);
    }
  });

  it('holds more of a rare group out where a rate needs more and half of it is enough, else only the share', () => {
    const groupOf = (row: number): string => (row % 40 === 0 ? 'rare' : row % 100 === 1 ? 'rarer' : 'common');
    const options = { ...OPTIONS, groupOf, fewestOfGroup: 45 };
    const [round] = splitRows(4000, createRandom(1), options).rounds;
    const heldOutOf = (group: string): number => [...round!.heldOut].filter((row) => groupOf(row) === group).length;
    expect(['rare', 'rarer'].map(heldOutOf)).toEqual([45, 8]);
    expect(heldOutOf('common')).toBe(Math.round((4000 - 100 - 40) * 0.2));
  });

  it('leaves rows to train on, and holds the share out, where all groups are tiny', () => {
    for (const size of [1, 2, 3, 7]) {
      const groupOf = (row: number): string => String(Math.floor(row / size));
      const split = splitRows(3000, createRandom(1), { ...OPTIONS, groupOf, fewestOfGroup: 99 });
      expect(split.rounds[0]!.heldOut).toHaveLength(600);
      expect(split.final).toHaveLength(2400);
    }
  });

  it('never takes more than half of a group for the rate, of one with an odd number of rows neither', () => {
    const groupOf = (row: number): string => (row < 91 ? 'odd' : 'common');
    const held = (fewestOfGroup: number) =>
      splitRows(3000, createRandom(1), { ...OPTIONS, groupOf, fewestOfGroup }).rounds[0]!.heldOut.filter(
        (row) => row < 91,
      );
    expect(held(45)).toHaveLength(45);
    expect(held(46).length).toBeLessThan(40);
  });

  it('refuses a share that leaves too few rows to train on, counted as they are held out', () => {
    const options = { ...OPTIONS, heldOutShare: 0.999, groupOf: (row: number) => String(row % 2) };
    expect(() => splitRows(3000, createRandom(1), options)).toThrow(/leaves too few to train on/);
  });

  it('draws which rows of a group are held out', () => {
    const groupOf = (): string => 'one';
    const heldOut = (seed: number) => splitRows(400, createRandom(seed), { ...OPTIONS, groupOf }).rounds[0]!.heldOut;
    expect([...heldOut(1)].sort()).not.toEqual([...heldOut(2)].sort());
  });
});

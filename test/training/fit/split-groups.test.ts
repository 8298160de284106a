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

  it('holds more of a rare group out where a rate needs more, but never more than half of it', () => {
    const groupOf = (row: number): string => (row % 40 === 0 ? 'rare' : row % 100 === 1 ? 'rarer' : 'common');
    const options = { ...OPTIONS, groupOf, fewestOfGroup: 45 };
    const [round] = splitRows(4000, createRandom(1), options).rounds;
    const heldOutOf = (group: string): number => [...round!.heldOut].filter((row) => groupOf(row) === group).length;
    expect(['rare', 'rarer'].map(heldOutOf)).toEqual([45, 20]);
    expect(heldOutOf('common')).toBe(Math.round((4000 - 100 - 40) * 0.2));
  });

  it('draws which rows of a group are held out', () => {
    const groupOf = (): string => 'one';
    const heldOut = (seed: number) => splitRows(400, createRandom(seed), { ...OPTIONS, groupOf }).rounds[0]!.heldOut;
    expect([...heldOut(1)].sort()).not.toEqual([...heldOut(2)].sort());
  });
});

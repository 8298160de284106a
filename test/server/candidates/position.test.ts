import { describe, expect, it } from '@jest/globals';
import { createPositions, keyOfRecord, partAt, positionOf } from '../../../src/server/candidates/position.ts';

const keys = Array.from({ length: 20_000 }, (_, index) => `machine ${index}`);

describe('the place of a key', () => {
  it('is the same for good: whoever changes it moves everybody to another side', () => {
    // hashlib.sha1(b'pumps\0a') of Python, its first 32 bits.
    expect(positionOf('pumps', 'a')).toBe(0.6149673743639141);
    expect(positionOf('fans', 'a')).not.toBe(positionOf('pumps', 'a'));
  });

  it('is even over keys: a share of the keys is on a side, within what chance allows', () => {
    for (const share of [0.01, 0.05, 0.5]) {
      const below = keys.filter((key) => positionOf('pumps', key) < share).length;
      const deviation = Math.sqrt(keys.length * share * (1 - share));
      expect(Math.abs(below - keys.length * share)).toBeLessThan(4 * deviation);
    }
  });

  it('keeps everybody who is on trial there when the share grows', () => {
    const partsAt = (canary: number) => keys.map((key) => partAt(positionOf('pumps', key), { canary, shadow: 0 }));
    const [few, many] = [partsAt(0.1), partsAt(0.2)];
    expect(few.every((part, index) => part !== 'canary' || many[index] === 'canary')).toBe(true);
  });

  it('is even where there is no key, too', () => {
    const next = createPositions();
    const parts = Array.from({ length: 1000 }, () => partAt(next(), { canary: 0.1, shadow: 0.3 }));
    const count = (part: string): number => parts.filter((each) => each === part).length;
    expect(Math.abs(count('canary') - 100)).toBeLessThanOrEqual(3);
    expect(Math.abs(count('shadow') - 300)).toBeLessThanOrEqual(3);
  });
});

it('the key of a record is a value that can be written in one way', () => {
  const record = { text: 'a', number: 7, flag: false, nothing: null, list: [1] };
  const found = Object.keys(record).map((field) => keyOfRecord(record, field));
  expect(found).toEqual(['a', '7', 'false', undefined, undefined]);
  expect(keyOfRecord(record, 'toString')).toBeUndefined();
  expect(keyOfRecord(record, undefined)).toBeUndefined();
});

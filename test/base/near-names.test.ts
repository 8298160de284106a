import { describe, expect, it } from '@jest/globals';
import { listNames, nearNames, suggestNames } from '../../src/base/near-names.ts';

const NAMES = ['label', 'amount', 'src_bytes', 'dst_bytes', 'Duration'];

describe('near names', () => {
  it.each([
    ['lable', ['label']],
    ['LABEL', ['label']],
    ['duraton', ['Duration']],
    ['src_byte', ['src_bytes']],
    ['xyz', []],
  ])('of %s are %j', (wanted, near) => expect(nearNames(wanted, NAMES)).toEqual(near));

  it('are found at once for a name of a megabyte', () => {
    expect(nearNames('x'.repeat(1_000_000), NAMES)).toEqual([]);
  });

  it('are suggested, or the names there are', () => {
    expect(suggestNames('lable', NAMES)).toBe(' Did you mean "label"?');
    expect(suggestNames('xyz', NAMES)).toBe(' There are: label, amount, src_bytes, dst_bytes, Duration.');
    expect(suggestNames('xyz', [])).toBe('');
    expect(listNames(NAMES, 2)).toBe('label, amount and 3 more');
  });
});

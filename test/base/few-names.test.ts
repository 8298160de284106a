import { describe, expect, it } from '@jest/globals';
import { fewNames } from '../../src/base/few-names.ts';

describe('a few names', () => {
  it('are the first three, and the number of others', () => {
    expect([['a'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd', 'e', 'f']].map(fewNames)).toEqual([
      'a',
      'a, b, c',
      'a, b, c and 3 more',
    ]);
  });
});

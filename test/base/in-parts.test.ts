import { describe, expect, it } from '@jest/globals';
import { atOnce, type InParts } from '../../src/base/in-parts.ts';

describe('work in parts', () => {
  it('is done to its end where nobody waits between two of them', () => {
    const done: number[] = [];
    function* work(): InParts<string> {
      for (const part of [1, 2, 3]) {
        yield;
        done.push(part);
      }
      return 'all';
    }
    expect(atOnce(work())).toBe('all');
    expect(done).toEqual([1, 2, 3]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { createBacklog } from '../../../src/server/batching/backlog.ts';

describe('the backlog', () => {
  it('expects what the model with least to do has', () => {
    const backlog = createBacklog();
    expect(backlog.expectMs(10)).toBe(0);
    const forget = backlog.watch({ expectMs: (coming) => 2 * coming });
    backlog.watch({ expectMs: (coming) => 30 + coming });
    expect(backlog.expectMs(10)).toBe(20);
    expect(backlog.expectMs(40)).toBe(70);
    forget();
    expect(backlog.expectMs(10)).toBe(40);
  });
});

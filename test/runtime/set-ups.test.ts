import { expect, it } from '@jest/globals';
import { nameSetUp } from '../../src/runtime/set-ups.ts';

it('names a set-up by its command where its tools are, and else says where they are to be had', () => {
  expect(nameSetUp('setup:tfjs')).toBe('"npm run setup:tfjs"');
  expect(nameSetUp('setup:cuda', '/app')).toBe('"npm run setup:cuda" in a checkout of Aristarch');
});

import { expect, it } from '@jest/globals';
import { collectHeaders } from '../../../src/server/kafka/headers.ts';

it('headers that come more than once, have no value, or are called __proto__, are kept', () => {
  const pairs = [
    ['a', '1'],
    ['a', '2'],
    ['__proto__', 'p'],
    ['empty', null],
  ].map(([name, value]) => [Buffer.from(name!), typeof value === 'string' ? Buffer.from(value) : null] as const);
  expect(Object.entries(collectHeaders(pairs))).toEqual([
    ['a', [Buffer.from('1'), Buffer.from('2')]],
    ['__proto__', Buffer.from('p')],
    ['empty', Buffer.alloc(0)],
  ]);
});

import { describe, expect, it } from '@jest/globals';
import { createEncoder, encodeRecords, unknownFields } from '../../../src/models/features/encode.ts';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';

const schema: FeatureSchema = {
  fields: [
    { name: 'amount', kind: 'number', missing: true, integer: false },
    { name: 'paid', kind: 'boolean', missing: false },
    { name: 'country', kind: 'category', missing: true, levels: ['de', 'fr', '5', 'true', '0.1'] },
    { name: 'at', kind: 'timestamp', missing: false },
  ],
  excluded: [{ name: 'id', reason: 'looks like an identifier' }],
};
const RECORD = { amount: 1.5, paid: true, country: 'fr', at: '2024-05-31T00:00:10Z' };
const encode = (change: Record<string, unknown>) => [...encodeRecords(schema, [{ ...RECORD, ...change }])];

describe('an encoder', () => {
  it('puts records one after the other, timestamps as second of the day and day of the week', () => {
    const rows = createEncoder(schema)([RECORD, { ...RECORD, amount: 2, paid: false, country: 'de' }]);
    expect([...rows]).toEqual([1.5, 1, 1, 10, 4, 2, 0, 0, 10, 4]);
    expect(encodeRecords(schema, [])).toHaveLength(0);
  });

  it.each([
    [1.5, 1.5],
    [-0, -0],
    [12n, 12],
    [9007199254740993n, 2 ** 53],
    [1e39, Infinity],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    [-Infinity, -Infinity],
    [null, NaN],
    [undefined, NaN],
    [NaN, NaN],
    ['NaN', NaN],
  ])('takes %p for the number %p', (amount, expected) => expect(encode({ amount })[0]).toBe(expected));

  it.each([
    [true, 1],
    [false, 0],
    [1, 1],
    [0, 0],
    [-0, 0],
    [1n, 1],
    [null, NaN],
    [NaN, NaN],
  ])('takes %p for the boolean %p', (paid, expected) => expect(encode({ paid })[1]).toBe(expected));

  it.each([
    ['de', 0],
    ['DE', 5],
    ['', 5],
    ['nowhere', 5],
    [5, 2],
    [5n, 2],
    [true, 3],
    [false, 5],
    [0.1, 4],
    [null, NaN],
    [undefined, NaN],
    [NaN, NaN],
    ['constructor', 5],
  ])('takes %p for level %p of a category', (country, expected) => expect(encode({ country })[2]).toBe(expected));

  it.each([
    ['2024-05-31', 0, 4],
    ['2024-06-01T01:00:00+02:00', 82_800, 4],
    [new Date('2024-06-02T00:00:01.900Z'), 1, 6],
    [Date.parse('2024-06-03T00:00:02.900Z'), 2, 0],
    [BigInt(Date.parse('2024-06-03T00:00:02Z')), 2, 0],
    [-1, 86_399, 2],
    [null, NaN, NaN],
    [NaN, NaN, NaN],
    [Infinity, NaN, NaN],
  ])('takes %p for second %p of day %p', (at, second, day) => expect(encode({ at }).slice(3)).toEqual([second, day]));

  it.each([
    ['amount', '5', /record 1: "5" cannot be the number "amount"; send a number, or null/],
    ['amount', true, /true cannot be the number "amount"/],
    ['amount', [1], /\[1\] cannot be the number/],
    ['paid', 'true', /"true" cannot be the boolean "paid"; send true, false, 0, 1 or null/],
    ['paid', 2, /2 cannot be the boolean/],
    ['country', { code: 'de' }, /\{"code":"de"\} cannot be the category/],
    ['country', new Date(0), /cannot be the category/],
    ['at', 'yesterday', /"yesterday" cannot be the timestamp "at"; send an ISO 8601 string/],
    ['at', new Date(NaN), /^record 1: a time that no calendar has cannot be the timestamp "at"; send/],
    ['at', true, /true cannot be the timestamp/],
    ['amount', 'x'.repeat(1000), /^record 1: "x{56}\.\.\. cannot/],
    ['amount', Symbol('s'), /symbol cannot be the number/],
    ['country', () => 0, /function cannot be the category/],
  ])('refuses for %s the value %p', (name, value, message) => {
    const error = catchError(() => encodeRecords(schema, [RECORD, { ...RECORD, [name]: value }]));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', data: { record: 1, field: name } });
    expect(error).toHaveProperty('message', expect.stringMatching(message));
  });

  it('refuses a record without a field, and says how to call a value missing', () => {
    const { amount, ...rest } = RECORD;
    const message = 'record 0 has no field "amount" (it has "Amount"); send null if its value is missing';
    const error = catchError(() => encodeRecords(schema, [{ ...rest, Amount: amount }]));
    expect(error).toMatchObject({ code: 'SCHEMA_MISMATCH', message, data: { record: 0, field: 'amount' } });
  });

  it('takes no field from the prototype of a record', () => {
    const odd: FeatureSchema = {
      fields: [{ name: 'toString', kind: 'category', missing: true, levels: [] }],
      excluded: [],
    };
    expect(() => encodeRecords(odd, [{}])).toThrow('has no field "toString"');
    const proto: FeatureSchema = {
      fields: [{ name: '__proto__', kind: 'number', missing: true, integer: true }],
      excluded: [],
    };
    expect(() => encodeRecords(proto, [{}])).toThrow('has no field "__proto__"');
    expect([...encodeRecords(proto, [JSON.parse('{"__proto__": 3}') as Record<string, unknown>])]).toEqual([3]);
  });

  it.each([[null], [[1, 2]], ['text'], [7]])('refuses %p as a record', (record) => {
    const error = catchError(() => encodeRecords(schema, [record as never]));
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^record 0 is .*: send an object/) as unknown,
    });
  });

  it('ignores extra fields, and lists those that it was not told about', () => {
    expect(encode({ extra: 'x', id: 7 })).toEqual(encode({}));
    expect(unknownFields(schema, { ...RECORD, extra: 'x', id: 7 })).toEqual(['extra']);
  });

  it('does not change the records', () => {
    const frozen = Object.freeze({ ...RECORD });
    expect(encodeRecords(schema, [frozen])).toHaveLength(5);
    expect(frozen).toEqual(RECORD);
  });
});

function catchError(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

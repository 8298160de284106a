import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecords, type RawRecord } from '../../../src/models/features/encode.ts';
import { createJsonRowReader } from '../../../src/models/features/json-rows.ts';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';

const SCHEMA: FeatureSchema = {
  fields: [
    { kind: 'number', name: 'amount', missing: true, integer: false },
    { kind: 'category', name: 'country', missing: true, levels: ['DE', 'FR', '5', 'true'] },
    { kind: 'boolean', name: 'online', missing: true },
    { kind: 'timestamp', name: 'at', missing: true },
    { kind: 'number', name: 'größe', missing: true, integer: false },
  ],
  excluded: [],
};
const read = createJsonRowReader(SCHEMA);
const bytesOf = (rows: Float32Array): string =>
  Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength).toString('hex');

/** The rows that JSON.parse and the encoder make; undefined where they refuse. */
function reference(texts: readonly string[]): Float32Array | undefined {
  try {
    return encodeRecords(
      SCHEMA,
      texts.map((text) => JSON.parse(text) as RawRecord),
    );
  } catch {
    return undefined;
  }
}

const numbers = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }).map((x) => Number(x.toFixed(4))),
);
const values = fc.oneof(
  numbers,
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('DE', 'NaN', '2024-05-31T12:00:00Z'),
);
const records = fc.record(
  {
    ...{ amount: fc.oneof(numbers, values), country: values, online: fc.oneof(fc.boolean(), values) },
    ...{ at: fc.oneof(fc.constant('2024-05-31T12:00:00Z'), numbers, values), größe: numbers, other: fc.jsonValue() },
  },
  { requiredKeys: ['amount', 'country'] },
);

describe('rows read from JSON', () => {
  it('are, bit for bit, those of the parsed records, whatever is in them; where not even those are, there are none', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.array(records, { maxLength: 4 }), fc.constantFrom(undefined, 1), (some, indent) => {
        const texts = some.map((record) => JSON.stringify(record, null, indent));
        const rows = read(texts.map((text) => Buffer.from(text)));
        if (rows === undefined) return;
        plain += 1;
        expect(bytesOf(rows)).toBe(bytesOf(reference(texts)!));
      }),
      { numRuns: 3000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it('are those of the parsed records for bytes that were changed anywhere, or there are none', () => {
    const good = '{"amount":-12.50e1,"country":"DE","online":true,"at":1717156800000,"größe":0.1,"id":"a7"}';
    const change = fc.tuple(
      fc.nat({ max: good.length - 1 }),
      fc.nat({ max: 2 }),
      fc.string({ unit: 'binary-ascii', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const text = changes.reduce(
          (all, [at, removed, put]) => all.slice(0, at) + put + all.slice(at + removed),
          good,
        );
        const rows = read([Buffer.from(text)]);
        if (rows !== undefined) expect(bytesOf(rows)).toBe(bytesOf(reference([text])!));
      }),
      { numRuns: 5000 },
    );
  });

  it('need no order, take the last of a name that comes twice, and leave out what the model does not know', () => {
    const text =
      '\t{ "online" : 1 , "country":"FR","amount":1,"note":"x", "at":null,"amount":2.5,"gr\u00f6\u00dfe":7 }\n';
    expect(read([Buffer.from(text)])).toBeUndefined();
    const ascii = createJsonRowReader({ ...SCHEMA, fields: SCHEMA.fields.slice(0, 4) });
    expect([...ascii([Buffer.from(text.replace(/,"gr.*7/, ''))])!]).toEqual([2.5, 1, 1, NaN, NaN]);
  });

  it.each([
    '1e400',
    '-0',
    '0.1',
    '123456789012345678901234567890',
    '1.7976931348623157e308',
    '5e-324',
    '0.30000000000000004',
    '1E+2',
  ])('have the number %s as JSON.parse has it', (number) => {
    const one = createJsonRowReader({ fields: [SCHEMA.fields[0]!], excluded: [] });
    expect([...one([Buffer.from(`{"amount":${number}}`)])!]).toEqual([Math.fround(JSON.parse(number) as number)]);
  });

  it.each(['01', '+1', '.5', '1.', '1e', '--1', '0x10', 'NaN', '1_000', '', 'tru', '{}', '[1]'])(
    'are none for %s',
    (number) => {
      const one = createJsonRowReader({ fields: [SCHEMA.fields[0]!], excluded: [] });
      expect(one([Buffer.from(`{"amount":${number}}`)])).toBeUndefined();
    },
  );

  it.each([
    '',
    '[]',
    '{',
    '{}',
    '{"amount":1',
    '{"amount":1}}',
    '{"amount":1,}',
    '{"amount" 1}',
    '{"amount":1} {"amount":1}',
    'null',
  ])('are none for the text %s', (text) => {
    const one = createJsonRowReader({ fields: [SCHEMA.fields[0]!], excluded: [] });
    expect(one([Buffer.from(text)])).toBeUndefined();
  });
});

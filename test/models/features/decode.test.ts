import { describe, expect, it } from '@jest/globals';
import { decodeRecords } from '../../../src/models/features/decode.ts';
import { encodeRecords } from '../../../src/models/features/encode.ts';
import { dayOfWeek } from '../../../src/models/features/timestamp.ts';
import type { FeatureSchema } from '../../../src/models/features/schema.ts';

const SCHEMA: FeatureSchema = {
  fields: [
    { kind: 'number', name: 'n', missing: true, integer: false },
    { kind: 'boolean', name: 'b', missing: true },
    { kind: 'timestamp', name: 't', missing: true },
    { kind: 'category', name: 'c', missing: true, levels: ['x', 'y'] },
  ],
  excluded: [],
};

describe('decoding raw rows', () => {
  it('gives records that encode to the same rows', () => {
    const records = [
      { n: 1.5, b: true, t: '2024-05-31T12:34:56Z', c: 'y' },
      { n: -3, b: false, t: '2023-01-02T00:00:00Z', c: 'x' },
      { n: null, b: null, t: null, c: null },
    ];
    const rows = encodeRecords(SCHEMA, records);
    expect(encodeRecords(SCHEMA, decodeRecords(SCHEMA, rows))).toEqual(rows);
  });

  it('puts times into the week of Monday, 1970-01-05, and what has no name is null', () => {
    const [friday] = decodeRecords(SCHEMA, encodeRecords(SCHEMA, [{ n: 1, b: 0, t: '2024-05-31T12:34:56Z', c: 'z' }]));
    expect(friday).toEqual({ n: 1, b: false, t: new Date('1970-01-09T12:34:56Z'), c: null });
    expect(dayOfWeek(Date.parse('1970-01-05T00:00:00Z') / 1000)).toBe(0);
  });
});

import { AristarchError } from '../../src/base/errors.ts';
import { createJsonRowReader } from '../../src/models/features/json-rows.ts';
import type { FeatureSchema } from '../../src/models/features/schema.ts';
import type { Detector, RawRecord, ScoreBatch } from '../../src/scoring/detector.ts';

/** Called with the rows before they are scored; a test can wait, count or throw here. */
export type BeforeScore = (rows: Float32Array) => void | Promise<void>;

/**
 * A detector whose arithmetic a reader can do in the head, for tests of what lies around it: a record has one field `x`,
 * a number; its score is x, its p-value 1 / (1 + |x|), it is anomalous above 10, and 0 would be normal.
 */
export function createNumberDetector(before: BeforeScore = () => undefined): Detector {
  const readJson = createJsonRowReader(SCHEMA);
  return {
    description: {
      name: 'numbers',
      version: 'v1',
      family: 'test',
      schema: SCHEMA,
      rowWidth: 1,
      slotNames: ['x'],
      falsePositiveRate: 1 / 11,
      calibration: { method: 'split', count: 100, smallestFalsePositiveRate: 1 / 101 },
      trainedAt: '2025-01-01T00:00:00.000Z',
      trainingRows: 100,
      device: 'cpu',
      engine: 'an engine',
      hardware: { kind: 'processor', name: 'a Xeon', isIdentified: true },
    },
    encode: (records) => Float32Array.from(records, toNumber),
    encodeJson(texts) {
      const rows = readJson(texts);
      return rows?.some(Number.isNaN) === true ? undefined : rows;
    },
    async score(rows) {
      const numbers = rows instanceof Float32Array ? rows : Float32Array.from(rows, toNumber);
      await before(numbers);
      return toScores(numbers);
    },
    thresholdAt: () => 10,
    explain: (rows) => {
      const numbers = rows instanceof Float32Array ? rows : Float32Array.from(rows, toNumber);
      const { scores, pValues } = toScores(numbers);
      const explanations = Array.from(numbers, (x, row) => ({
        ...{ score: scores[row]!, pValue: pValues[row]!, counterpart: { x: 0 }, counterpartScore: 0 },
        contributions: [
          { field: 'x', value: x, normal: 0, contribution: x, sentence: `x ${x}; normal would be about 0` },
        ],
      }));
      return Promise.resolve(explanations);
    },
    close: () => Promise.resolve(),
  };
}

const SCHEMA: FeatureSchema = {
  fields: [{ kind: 'number', name: 'x', missing: false, integer: false }],
  excluded: [],
};

function toNumber(record: RawRecord, index: number): number {
  const x = record['x'];
  if (typeof x === 'number') return x;
  throw new AristarchError(
    'SCHEMA_MISMATCH',
    `record ${index}: field "x" must be a number, and is ${JSON.stringify(x)}`,
  );
}

function toScores(numbers: Float32Array): ScoreBatch {
  return {
    scores: numbers.slice(),
    pValues: Float64Array.from(numbers, (x) => 1 / (1 + Math.abs(x))),
    verdicts: Uint8Array.from(numbers, (x) => (x > 10 ? 1 : 0)),
    threshold: 10,
    falsePositiveRate: 1 / 11,
  };
}

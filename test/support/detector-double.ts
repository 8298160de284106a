import type { FeatureSchema } from '../../src/models/features/schema.ts';
import { rowWidth, slotNames } from '../../src/models/features/schema.ts';
import { encodeRecords } from '../../src/models/features/encode.ts';
import { createCalibration } from '../../src/scoring/calibration.ts';
import type { Detector } from '../../src/scoring/detector.ts';

export const DOUBLE_SCHEMA: FeatureSchema = {
  fields: [
    { kind: 'number', name: 'amount', missing: false, integer: false },
    { kind: 'category', name: 'country', missing: true, levels: ['DE', 'FR'] },
    { kind: 'boolean', name: 'online', missing: false },
    { kind: 'timestamp', name: 'at', missing: true },
  ],
  excluded: [{ name: 'id', reason: 'excluded on request' }],
};

export interface DetectorDouble extends Detector {
  /** Rows of each call of `score`, in order. */
  readonly calls: readonly number[];
  readonly closed: () => boolean;
}

export interface DetectorDoubleOptions {
  /** Awaited in each call, before anything is scored. */
  readonly beforeScore?: (call: number) => Promise<void> | void;
  readonly name?: string;
  readonly broken?: boolean;
  /** Flags online rows above 5, and all others above 9, whatever the rate. */
  readonly grouped?: boolean;
}

const GROUPS = ['online = true', 'the rest'];
const GROUP_THRESHOLDS = Float64Array.of(5, 9);

/**
 * A detector without a network: a row's score is the absolute value of its first slot (`amount`), NaN counting as 0. It is
 * calibrated on 999 scores 0.01, 0.02, ... 9.99, so that the p-value of score s is about 1 - s / 10; its own rate is 1 %.
 */
export function createDetectorDouble(options: DetectorDoubleOptions = {}): DetectorDouble {
  const calibration = createCalibration(Array.from({ length: 999 }, (_, index) => (index + 1) / 100));
  const width = rowWidth(DOUBLE_SCHEMA);
  const calls: number[] = [];
  let closed = false;
  const encode: Detector['encode'] = (records) => encodeRecords(DOUBLE_SCHEMA, records);
  return {
    calls,
    closed: () => closed,
    description: {
      name: options.name ?? 'double',
      version: '20260101T000000Z',
      family: 'double',
      schema: DOUBLE_SCHEMA,
      rowWidth: width,
      slotNames: slotNames(DOUBLE_SCHEMA),
      falsePositiveRate: 0.01,
      calibration: {
        ...{ method: 'split', count: 999, smallestFalsePositiveRate: 0.001 },
        ...(options.grouped && {
          groups: GROUPS.map((name) => ({ name, count: 499, smallestFalsePositiveRate: 0.002 })),
        }),
      },
      trainedAt: '2026-01-01T00:00:00.000Z',
      trainingRows: 5000,
      device: 'cpu',
      engine: 'an engine',
      hardware: { kind: 'processor', name: 'a Xeon', isIdentified: true },
    },
    encode,
    thresholdAt: calibration.thresholdAt,
    explain: (rows, { topK, checkAlive } = {}) => {
      checkAlive?.();
      const packed = rows instanceof Float32Array ? rows : encode(rows);
      const explanations = Array.from({ length: packed.length / width }, (_, row) => {
        const amount = packed[row * width]!;
        const change = { field: 'amount', value: amount, normal: 0, contribution: amount };
        return {
          ...{ score: amount, pValue: calibration.pValueOf(amount), counterpartScore: 0 },
          counterpart: { amount: 0, country: 'DE', online: null, at: 'Monday 12:00:00' },
          contributions: [{ ...change, sentence: `amount ${amount}; normal would be about 0` }].slice(0, topK),
        };
      });
      return Promise.resolve(explanations);
    },
    async score(rows, { falsePositiveRate = 0.01 } = {}) {
      const packed = rows instanceof Float32Array ? rows : encode(rows);
      calls.push(packed.length / width);
      await options.beforeScore?.(calls.length);
      const scores = Float32Array.from({ length: packed.length / width }, (_, row) => {
        const amount = Math.abs(packed[row * width]!);
        return options.broken === true ? NaN : Number.isNaN(amount) ? 0 : amount;
      });
      const threshold = calibration.thresholdAt(falsePositiveRate);
      const of = Uint16Array.from(scores, (_, row) => (packed[row * width + 2] === 1 ? 0 : 1));
      const thresholdOf = (row: number): number => (options.grouped ? GROUP_THRESHOLDS[of[row]!]! : threshold);
      return {
        scores,
        pValues: Float64Array.from(scores, (score) => calibration.pValueOf(score)),
        verdicts: Uint8Array.from(scores, (score, row) => (score > thresholdOf(row) ? 1 : 0)),
        ...(options.grouped && { groups: { of, names: GROUPS, thresholds: GROUP_THRESHOLDS } }),
        threshold,
        falsePositiveRate,
      };
    },
    close: () => {
      closed = true;
      return Promise.resolve();
    },
  };
}

import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { createRandom } from '../../src/base/philox.ts';
import { encodeRecords } from '../../src/models/features/encode.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import type { Detector } from '../../src/scoring/detector.ts';
import { needs } from '../support/needs.ts';
import { createHardRows, parityGap } from '../support/onnx-parity.ts';
import { normalOrders, ODD_ORDER, useTinyModel } from '../support/train-tiny.ts';

const tiny = useTinyModel();
const python = needs('python:onnxruntime');

async function withDetector<T>(work: (detector: Detector) => Promise<T>): Promise<T> {
  const detector = await openDetector(tiny().folder, { device: 'cpu' });
  try {
    return await work(detector);
  } finally {
    await detector.close();
  }
}

const HARD: readonly Record<string, unknown>[] = [
  { ...ODD_ORDER, price: Infinity },
  { ...ODD_ORDER, price: -Infinity, weight: NaN },
  { ...normalOrders(1)[0], colour: 'purple' },
  { price: null, items: null, weight: null, colour: null, wrapped: null, at: null },
];

describe('a model trained on mixed columns', () => {
  it('scores an obvious outlier above every normal row', () =>
    withDetector(async (detector) => {
      const { scores } = await detector.score([ODD_ORDER, ...normalOrders(500, 7)]);
      expect(scores.every(Number.isFinite)).toBe(true);
      expect(scores[0]).toBeGreaterThan(Math.max(...scores.subarray(1)));
    }));

  it('scores a batch of n as n batches of one, whatever is in it', () =>
    withDetector(async (detector) => {
      const records = [...normalOrders(60, 9), ...HARD, ODD_ORDER];
      const together = (await detector.score(records)).scores;
      for (const [index, record] of records.entries()) {
        const [alone = NaN] = (await detector.score([record])).scores;
        expect(Math.abs(alone - together[index]!)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(alone)));
      }
    }));

  it('takes a number that got lost for as odd as an infinite one, where training had none missing', () =>
    withDetector(async (detector) => {
      const usual = normalOrders(1, 5)[0]!;
      const { scores } = await detector.score([{ ...usual }, { ...usual, price: null }, { ...usual, price: Infinity }]);
      expect(scores[1]).toBe(scores[2]);
      expect(scores[1]).toBeGreaterThan(scores[0]!);
    }));

  it('scores NaN, infinities, unseen levels and missing values with finite numbers', () =>
    withDetector(async (detector) => {
      const { scores } = await detector.score(HARD);
      expect([...scores].every(Number.isFinite)).toBe(true);
    }));

  python.it("scores as Python's onnxruntime does, on ordinary rows and on hard ones", () =>
    withDetector(async (detector) => {
      const { schema } = detector.description;
      const rows = encodeRecords(schema, [...normalOrders(100, 5), ...HARD, ODD_ORDER]);
      expect(await parityGap(tiny().folder, detector, rows)).toBeLessThan(1e-5);
      expect(await parityGap(tiny().folder, detector, createHardRows(detector.description.rowWidth, 200))).toBeLessThan(
        1e-5,
      );
    }),
  );
});

/** Noise of the network, and two numbers for each level: of the missing weight, the colours and whether it is wrapped. */
const WIDTH = 64 + 2 * (2 + 4 + 3);

describe('the generator of a model trained on mixed columns', () => {
  it('makes rows within the ranges of training, whole where numbers are whole, of seen levels only', async () => {
    const executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
    const session = await executor.load(await readFile(join(tiny().folder, 'generator.onnx')));
    const latent = new Float32Array(300 * WIDTH);
    createRandom(3).stream('latent').fillNormal(latent, 0);
    // Far out as well: whatever the network answers, rows must be possible.
    for (let index = 0; index < WIDTH * 20; index++) latent[index]! *= 1e6;
    const { rows } = await session.run({ latent: { data: latent, shape: [300, WIDTH] } });
    await session.close();
    await executor.close();
    const { fields } = (await withDetector((detector) => Promise.resolve(detector.description))).schema;
    expect(fields.map(({ name }) => name)).toEqual(['price', 'items', 'weight', 'colour', 'wrapped', 'at']);
    expect(rows!.shape).toEqual([300, 7]);
    const seen = normalOrders(400);
    const range = (values: readonly (number | null)[]): readonly [number, number] => {
      const present = values.filter((value) => value !== null).map(Math.fround);
      return [Math.min(...present), Math.max(...present)];
    };
    const column = (slot: number): number[] => Array.from({ length: 300 }, (_, row) => rows!.data[row * 7 + slot]!);
    const within = (values: number[], [least, most]: readonly [number, number]): boolean =>
      values.every((value) => value >= least && value <= most);
    expect(within(column(0), range(seen.map(({ price }) => price)))).toBe(true);
    expect(within(column(1), range(seen.map(({ items }) => items)))).toBe(true);
    expect(column(1).every(Number.isInteger)).toBe(true);
    const weights = column(2).filter((value) => !Number.isNaN(value));
    expect(weights.length).toBeGreaterThan(0);
    expect(within(weights, range(seen.map(({ weight }) => weight)))).toBe(true);
    expect(column(3).every((level) => [0, 1, 2].includes(level))).toBe(true);
    expect(column(4).every((flag) => [0, 1].includes(flag))).toBe(true);
    expect(within(column(5), [0, 86_399])).toBe(true);
    expect(column(6).every((day) => [0, 1, 2, 3, 4, 5, 6].includes(day))).toBe(true);
  });
});

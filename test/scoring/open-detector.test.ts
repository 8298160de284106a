import { cpus } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Detector, OpenDetectorOptions, RawRecord } from '../../src/scoring/detector.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { sum } from '../../src/graph/operations.ts';
import { createCritic, sumOrNaN, writeTinyModel } from '../support/tiny-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;
const opened: Detector[] = [];
const open = async (options: OpenDetectorOptions = { device: 'cpu' }): Promise<Detector> => {
  const detector = await openDetector(folder, options);
  opened.push(detector);
  return detector;
};

beforeEach(async () => {
  folder = join(await temporaryFolder('detector'), 'm');
});
afterEach(async () => {
  for (const detector of opened.splice(0)) await detector.close();
});

const record = (amount: unknown, colour: unknown = 'red', paid: unknown = false): RawRecord => ({
  amount,
  colour,
  paid,
});

describe('a detector', () => {
  it('describes its model', async () => {
    await writeTinyModel(folder);
    expect((await open()).description).toEqual({
      name: 'tiny',
      version: '20260101T000000Z',
      family: 'wgan-gp',
      schema: expect.objectContaining({ excluded: [{ name: 'id', reason: 'looks like an identifier' }] }),
      rowWidth: 3,
      slotNames: ['amount', 'colour', 'paid'],
      falsePositiveRate: 0.05,
      calibration: { method: 'split', count: 99, smallestFalsePositiveRate: 0.01 },
      trainedAt: '2026-01-01T00:00:00.000Z',
      trainingRows: 100,
      trainingColumns: ['amount', 'colour', 'paid'].map((name) => expect.objectContaining({ name }) as unknown),
      device: 'cpu',
      engine: expect.stringMatching(/^onnxruntime 1\.\S+ cpu, 1 thread$/),
      hardware: { kind: 'processor', name: cpus()[0]?.model.trim(), isIdentified: true },
    });
  });

  it('scores records: size, p-value, verdict', async () => {
    await writeTinyModel(folder);
    const detector = await open();
    const batch = await detector.score([record(0.05), record(-9.3, 'blue', true), record(null), record(2, 'green')]);
    expect(Array.from(batch.scores, (s) => Number(s.toFixed(4)))).toEqual([0.05, 11.3, 7, 4]);
    expect(Array.from(batch.pValues)).toEqual([0.99, 0.01, 0.3, 0.6]);
    expect(Array.from(batch.verdicts)).toEqual([0, 1, 0, 0]);
    expect(batch.threshold).toBeCloseTo(9.4, 6);
    expect(batch.falsePositiveRate).toBe(0.05);
  });

  it('scores packed rows as it scores the records they were made of, and leaves them as they were', async () => {
    await writeTinyModel(folder);
    const detector = await open();
    const records = [record(1.5, 'blue', null), record(-2, null, true)];
    const rows = detector.encode(records);
    const before = rows.slice();
    expect((await detector.score(rows)).scores).toEqual((await detector.score(records)).scores);
    expect(rows).toEqual(before);
  });

  it('takes another rate for a call, and refuses one that the calibration cannot promise', async () => {
    await writeTinyModel(folder);
    const detector = await open();
    const batch = await detector.score([record(6)], { falsePositiveRate: 0.5 });
    expect(Array.from(batch.verdicts)).toEqual([1]);
    expect(batch.threshold).toBe(detector.thresholdAt(0.5));
    await expect(detector.score([record(6)], { falsePositiveRate: 0.001 })).rejects.toMatchObject({
      code: 'RATE_UNSUPPORTED',
    });
  });

  it('scores nothing to nothing', async () => {
    await writeTinyModel(folder);
    const batch = await (await open()).score([]);
    expect([batch.scores.length, batch.pValues.length, batch.verdicts.length]).toEqual([0, 0, 0]);
    expect(batch.threshold).toBeCloseTo(9.4, 6);
  });

  it('gives a row the same score alone, in a small batch and across chunks', async () => {
    await writeTinyModel(folder);
    const detector = await open();
    const rows = Float32Array.from({ length: 3 * 10_001 }, (_, i) => Math.sin(i) * 5);
    const together = (await detector.score(rows)).scores;
    expect(together).toHaveLength(10_001);
    for (const row of [0, 1, 4095, 4096, 8191, 8192, 10_000]) {
      const alone = (await detector.score(rows.subarray(row * 3, row * 3 + 3))).scores[0]!;
      expect(Math.abs(alone - together[row]!)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(alone)));
    }
  });

  it('refuses packed rows of a wrong width', async () => {
    await writeTinyModel(folder);
    await expect((await open()).score(new Float32Array(4))).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
      message: '4 packed values are no whole number of rows: model "tiny" takes 3 values a row',
    });
  });

  it('refuses a record without a field, naming it', async () => {
    await writeTinyModel(folder);
    await expect((await open()).score([{ amount: 1, colour: 'red' }])).rejects.toThrow('record 0 has no field "paid"');
  });

  it('closes once however often it is told to, after what it is doing, and scores no more', async () => {
    await writeTinyModel(folder);
    const detector = await open();
    const last = detector.score(new Float32Array(3 * 9000));
    await Promise.all([detector.close(), detector.close()]);
    expect((await last).scores).toHaveLength(9000);
    await detector.close();
    await expect(detector.score([record(1)])).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: 'model "tiny" was closed: open it again',
    });
  });
});

describe('a model that cannot be right', () => {
  it('is reported when it answers NaN, with the row', async () => {
    await writeTinyModel(folder, { critic: createCritic(3, sumOrNaN) });
    const detector = await open();
    const rows = new Float32Array(3 * 5000);
    rows[3 * 4500 + 1] = NaN;
    await expect(detector.score(rows)).rejects.toMatchObject({
      code: 'ARTEFACT_INVALID',
      message: 'model "tiny" gave row 4500 the score NaN: it cannot judge this row; train again',
    });
  });

  it('is reported when it answers too few scores, or none by that name', async () => {
    await writeTinyModel(folder, { critic: createCritic(3, (rows) => sum(rows, [0])) });
    await expect((await open()).score(new Float32Array(6))).rejects.toThrow('answered 3 scores for 2 rows');
    folder = `${folder}2`;
    await writeTinyModel(folder, { critic: createCritic(3, sumOrNaN, 'points') });
    await expect((await open()).score(new Float32Array(3))).rejects.toThrow('has no output "scores"');
  });

  it('is refused when its critic is no ONNX file, although its hash is right', async () => {
    await writeTinyModel(folder, { critic: new Uint8Array([1, 2, 3]) });
    await expect(open()).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
  });

  it('is refused when a byte of its critic was flipped, or when there is none', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await writeTinyModel(folder);
    const path = join(folder, 'critic.onnx');
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 4;
    await writeFile(path, bytes);
    await expect(open()).rejects.toThrow('critic.onnx is corrupt or was changed');
  });
});

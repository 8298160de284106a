import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { GENERATOR_FILE } from '../../src/models/artefact/layout.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { SAMPLE_BLOCK_ROWS, type SampleOptions, type Sampler } from '../../src/scoring/sampler.ts';
import { needs } from '../support/needs.ts';
import { runPythonJson } from '../support/python.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { useTinyModel } from '../support/train-tiny.ts';

const model = useTinyModel();
let sampler: Sampler;
beforeAll(async () => {
  sampler = await openSampler(model().folder, { device: 'cpu' });
});
afterAll(() => sampler.close());

async function draw(count: number, options: SampleOptions): Promise<Float32Array> {
  const parts: number[] = [];
  for await (const rows of sampler.sample(count, options)) parts.push(...rows);
  return Float32Array.from(parts);
}

describe('a sampler', () => {
  it('says what it makes', () => {
    const { name, slotNames, latent, rowWidth, device } = sampler.description;
    expect({ name, latent, rowWidth, device }).toEqual({ name: 'orders', latent: 64 + 18, rowWidth: 7, device: 'cpu' });
    expect(slotNames).toEqual(['price', 'items', 'weight', 'colour', 'wrapped', 'at.secondOfDay', 'at.dayOfWeek']);
  });

  it('gives equal rows for equal seeds, other rows for others', async () => {
    expect(await draw(50, { seed: 3 })).toEqual(await draw(50, { seed: 3 }));
    expect(await draw(50, { seed: 4 })).not.toEqual(await draw(50, { seed: 3 }));
  });

  it('gives a row the same bits in whatever pieces it is asked for', async () => {
    const count = 2 * SAMPLE_BLOCK_ROWS + 77;
    const whole = await draw(count, { seed: 5 });
    const { rowWidth } = sampler.description;
    expect(whole).toHaveLength(count * rowWidth);
    for (const [from, length] of [
      [0, 1],
      [0, SAMPLE_BLOCK_ROWS],
      [1, 2],
      [SAMPLE_BLOCK_ROWS - 1, SAMPLE_BLOCK_ROWS + 3],
      [count - 1, 1],
    ] as const) {
      const part = await draw(length, { seed: 5, firstRow: from });
      expect(part).toEqual(whole.subarray(from * rowWidth, (from + length) * rowWidth));
    }
  });

  it('decodes rows to records that the detector encodes to the same rows', async () => {
    const detector = await openDetector(model().folder, { device: 'cpu' });
    const rows = await draw(300, { seed: 1 });
    const records = sampler.decode(rows);
    expect(records).toHaveLength(300);
    expect(detector.encode(records)).toEqual(rows);
    expect((await detector.score(records)).scores.every(Number.isFinite)).toBe(true);
    await detector.close();
  });

  it.each([
    [-1, { seed: 1 }, 'count is -1'],
    [1.5, { seed: 1 }, 'count is 1.5'],
    [1, { seed: 1, firstRow: NaN }, 'firstRow is NaN'],
    [1, { seed: 0.5 }, 'seed is 0.5'],
  ])('refuses %p rows with %p', (count, options, message) => {
    expect(() => sampler.sample(count, options)).toThrow(message);
  });

  it('cannot be used once it is closed', async () => {
    const other = await openSampler(model().folder, { device: 'cpu' });
    await other.close();
    await other.close();
    expect(() => other.sample(1, { seed: 1 })).toThrow('was closed');
  });

  it('needs a generator, and says so', async () => {
    const folder = await writeTinyModel(join(model().folder, '../without'));
    await expect(openSampler(folder)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('has no generator.onnx: it was trained with --no-generator') as unknown,
    });
    await rm(folder, { recursive: true });
  });
});

const RUN_GENERATOR = `
import json, sys, numpy, onnxruntime
given = json.load(sys.stdin)
session = onnxruntime.InferenceSession(given["path"], providers=["CPUExecutionProvider"])
z = numpy.array(given["z"], numpy.float32).reshape(-1, given["latent"])
rows = session.run(["rows"], {"latent": z})[0].astype(float).ravel()
print(json.dumps([None if numpy.isnan(value) else value for value in rows]))`;

needs('python:onnxruntime').describe("Python's onnxruntime on generator.onnx", () => {
  it('gives the same rows from the same noise', async () => {
    const { latent, rowWidth } = sampler.description;
    const z = new Float32Array(SAMPLE_BLOCK_ROWS * latent);
    createRandom(9).stream('sample', 'latent').fillNormal(z, 0);
    const path = join(model().folder, GENERATOR_FILE);
    const theirs = runPythonJson(RUN_GENERATOR, { path, latent, z: [...z] }) as (number | null)[];
    const ours = await draw(SAMPLE_BLOCK_ROWS, { seed: 9 });
    expect(theirs).toHaveLength(SAMPLE_BLOCK_ROWS * rowWidth);
    // Missing is null in JSON; whole numbers and levels must be equal, others to rounding.
    const differing = theirs.filter((value, at) => {
      const own = ours[at]!;
      return value === null || Number.isNaN(own)
        ? value !== null || !Number.isNaN(own)
        : Math.abs(own - value) > 1e-5 * (1 + Math.abs(own));
    });
    expect(differing).toEqual([]);
  });
});

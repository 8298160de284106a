import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Detector } from '../../src/scoring/detector.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { needs } from '../support/needs.ts';
import { startServeProcess, type ServeProcess } from '../support/serve-process.ts';
import { normalOrders, useTinyModel } from '../support/train-tiny.ts';

const TOLERANCE = 1e-5;
const need = needs('tensorflow');

/** The largest difference, beside numbers of size 1 and more; NaN, which is a missing value, is as far from numbers as can be. */
function worstGap(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  expect(expected.length).toBeGreaterThan(0);
  const gaps = Array.from(expected, (wanted, at) =>
    Object.is(actual[at], wanted) ? 0 : Math.abs(actual[at]! - wanted) / (1 + Math.abs(wanted)),
  );
  return Math.max(...gaps.map((gap) => (Number.isNaN(gap) ? Infinity : gap)));
}

need.describe('a model that is trained, scored and served on TensorFlow', () => {
  const model = need.available ? useTinyModel({ device: 'tfjs' }) : undefined;
  const orders = normalOrders(40).map((order, at) => (at % 4 === 0 ? { ...order, price: 1e6 } : order));
  let detectors: { readonly cpu: Detector; readonly tfjs: Detector };
  beforeAll(async () => {
    const { folder } = model!();
    detectors = {
      cpu: await openDetector(folder, { device: 'cpu' }),
      tfjs: await openDetector(folder, { device: 'tfjs' }),
    };
  });
  afterAll(async () => {
    await detectors.cpu.close();
    await detectors.tfjs.close();
  });

  need.it('says so', () => {
    expect(model!().notes.join('\n')).toMatch(/@tensorflow\/tfjs-node-gpu 4\.22\.0, TensorFlow 2\.\d+\.\d+ on/);
    expect(detectors.tfjs.description.device).toBe('tfjs');
  });

  need.it('has the scores, p-values and reasons that ONNX Runtime gives', async () => {
    const [cpu, tfjs] = [await detectors.cpu.score(orders), await detectors.tfjs.score(orders)];
    expect(worstGap(tfjs.scores, cpu.scores)).toBeLessThan(TOLERANCE);
    expect(worstGap(tfjs.pValues, cpu.pValues)).toBeLessThan(0.005);
    const reasonsOf = async (detector: Detector): Promise<readonly number[]> => {
      const explained = await detector.explain(orders.slice(0, 8), { topK: 3 });
      return explained.flatMap(({ contributions }) => contributions.map(({ contribution }) => contribution));
    };
    expect(worstGap(await reasonsOf(detectors.tfjs), await reasonsOf(detectors.cpu))).toBeLessThan(1e-4);
  });

  need.it('scores a row the same alone as among others', async () => {
    const together = await detectors.tfjs.score(orders);
    const alone = await Promise.all(orders.map((order) => detectors.tfjs.score([order])));
    const scores = alone.map(({ scores: [score] }) => score!);
    expect(worstGap(scores, together.scores)).toBeLessThan(TOLERANCE);
  });

  need.it('makes up the rows that ONNX Runtime makes up', async () => {
    const rowsOf = async (device: 'cpu' | 'tfjs'): Promise<Float32Array> => {
      const sampler = await openSampler(model!().folder, { device });
      const values: number[] = [];
      for await (const rows of sampler.sample(50, { seed: 3 })) values.push(...rows);
      await sampler.close();
      return Float32Array.from(values);
    };
    expect(worstGap(await rowsOf('tfjs'), await rowsOf('cpu'))).toBeLessThan(1e-3);
  });

  need.describe('over gRPC', () => {
    const connect = createClientFixture();
    let server: ServeProcess;
    beforeAll(async () => {
      server = await startServeProcess('--model', model!().folder, '--device', 'tfjs');
    }, 60_000);
    afterAll(() => server.kill());

    need.it('names its device, and scores as ONNX Runtime does', async () => {
      const client = connect(server.addresses.grpc);
      expect(await client.describe()).toMatchObject({ device: 'tfjs' });
      const rows = detectors.cpu.encode(orders);
      const dense = { values: [...rows], width: detectors.cpu.description.rowWidth };
      const { results } = await client.score({ dense });
      const { scores } = await detectors.cpu.score(rows);
      expect(
        worstGap(
          results.map(({ score }) => score),
          scores,
        ),
      ).toBeLessThan(TOLERANCE);
    });
  });
});

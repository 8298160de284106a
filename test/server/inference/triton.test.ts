import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect } from '@jest/globals';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { needs, pythonPath } from '../../support/needs.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { normalOrders, ODD_ORDER, useTinyModel } from '../../support/train-tiny.ts';

const model = useTinyModel();
const serve = createServeFixture();
const connect = createClientFixture();
const need = needs('python:tritonclient.grpc');
const run = promisify(execFile);

/** Orders, one of them odd, one with nothing but missing values; times in milliseconds, as INT64 has them. */
const ORDERS = [
  ...normalOrders(20, 9),
  ODD_ORDER,
  { price: null, items: null, weight: null, colour: null, wrapped: null, at: null },
].map((order) => ({ ...order, at: order.at === null ? null : Date.parse(order.at) }));

type Order = Readonly<Record<string, unknown>>;

function toColumns(orders: readonly Order[]): Readonly<Record<string, unknown[]>> {
  return Object.fromEntries(Object.keys(orders[0]!).map((name) => [name, orders.map((order) => order[name])]));
}

function toWire(order: Order): { readonly fields: object } {
  const kinds = { number: 'number', string: 'text', boolean: 'flag' } as const;
  const values = Object.entries(order).map(([name, value]) => {
    if (value === null) return [name, { null: 'NULL_VALUE' }];
    const kind = name === 'at' ? 'timestampMs' : kinds[typeof value as keyof typeof kinds];
    return [name, { [kind]: value }];
  });
  return { fields: Object.fromEntries(values) as object };
}

describe('the Open Inference Protocol', () => {
  need.it("gives Triton's own client the scores that Score gives", async () => {
    const serving = await serve({ openDetector, settings: { model: model().folder, device: 'cpu' } });
    const { grpc } = serving.addresses;
    const script = join(import.meta.dirname, 'triton_client.py');
    const { stdout } = await run(pythonPath(), [script, grpc, 'orders', JSON.stringify(toColumns(ORDERS))]);
    const answer = JSON.parse(stdout) as Record<string, unknown> & { metadata: object };
    const { results, threshold, modelVersion } = await connect(grpc).score({
      records: { records: ORDERS.map(toWire) },
      falsePositiveRate: 0.1,
    });
    expect(answer).toMatchObject({
      ...{ live: true, ready: true, modelReady: true, otherReady: false, id: '42', model: ['orders', modelVersion] },
      server: { name: 'aristarch' },
      score: results.map(({ score }) => score),
      pValue: results.map(({ pValue }) => pValue),
      anomalous: results.map(({ anomalous }) => anomalous),
      threshold: ORDERS.map(() => threshold),
      outputs: ['p_value'],
      refusal: ['StatusCode.INVALID_ARGUMENT', expect.stringMatching(/record 0 has no field "price"/)],
    });
    expect(results[20]!.anomalous).toBe(true);
    expect(answer.metadata).toMatchObject({
      ...{ name: 'orders', versions: [modelVersion], platform: 'aristarch_wgan-gp' },
      inputs: [
        { name: 'price', datatype: 'FP32', shape: ['-1'] },
        { name: 'items', datatype: 'FP32' },
        { name: 'weight', datatype: 'FP32' },
        { name: 'colour', datatype: 'BYTES' },
        { name: 'wrapped', datatype: 'BOOL' },
        { name: 'at', datatype: 'INT64' },
      ],
    });
  });
});

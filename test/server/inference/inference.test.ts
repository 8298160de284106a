import { type Client, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import {
  INFERENCE_SERVICE,
  loadInferenceContract,
  type WireInferResponse,
} from '../../../src/server/grpc/inference/contract.ts';
import { createInferenceHandlers, type InferenceParts } from '../../../src/server/grpc/inference/handlers.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { createClientFixture, createRawClientFixture, records } from '../../support/grpc-client.ts';
import { scrape } from '../../support/http-client.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createRawClientFixture();
const connectScoring = createClientFixture();

interface InferenceClient extends Client {
  modelInfer(request: object, done: (error: ServiceError | null, response: WireInferResponse) => void): void;
}

async function start(grouped = false) {
  const serving = await serve({ detector: createDetectorDouble({ grouped }) });
  const { grpc, http } = serving.addresses;
  const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
  const client = connect(grpc, definition) as InferenceClient;
  const infer = (request: object): Promise<WireInferResponse> =>
    new Promise((resolve, reject) => {
      client.modelInfer(request, (error, response) => (error ? reject(error) : resolve(response)));
    });
  return { infer, http, scoring: connectScoring(grpc) };
}

describe('ServerReady', () => {
  it('says what health says: no longer once a shutdown has begun', () => {
    let serving = true;
    const { serverReady } = createInferenceHandlers({ isServing: () => serving } as InferenceParts);
    expect(serverReady()).toEqual({ ready: true });
    serving = false;
    expect(serverReady()).toEqual({ ready: false });
  });
});

const AT_MS = Date.UTC(2026, 0, 1);

/** One tensor for each field of the double, with typed contents. */
function fields(amounts: readonly number[]): { name: string; datatype: string; shape: number[]; contents: object }[] {
  const tensor = (name: string, datatype: string, contents: object) => ({
    name,
    datatype,
    shape: [amounts.length],
    contents,
  });
  return [
    tensor('amount', 'FP64', { fp64Contents: amounts }),
    tensor('country', 'BYTES', { bytesContents: amounts.map(() => Buffer.from('DE')) }),
    tensor('online', 'BOOL', { boolContents: amounts.map(() => true) }),
    tensor('at', 'INT64', { int64Contents: amounts.map(() => AT_MS) }),
  ];
}

/** The same as raw bytes. */
function rawFields(amounts: readonly number[]) {
  const count = amounts.length;
  const wide = (write: (bytes: Buffer, place: number) => void): Buffer => {
    const bytes = Buffer.alloc(8 * count);
    for (let place = 0; place < count; place++) write(bytes, place);
    return bytes;
  };
  return {
    inputs: fields(amounts).map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    rawInputContents: [
      wide((bytes, place) => bytes.writeDoubleLE(amounts[place]!, 8 * place)),
      Buffer.concat(amounts.map(() => Buffer.from([2, 0, 0, 0, 0x44, 0x45]))),
      Buffer.alloc(count, 1),
      wide((bytes, place) => bytes.writeBigInt64LE(BigInt(AT_MS), 8 * place)),
    ],
  };
}

describe('ModelInfer', () => {
  it('answers typed contents with typed ones, the same figures as Score', async () => {
    const { infer, scoring, http } = await start();
    const expected = await scoring.score(records(1, 9.95));
    const response = await infer({ inputs: fields([1, 9.95]), id: 'a' });
    expect(response).toMatchObject({ modelName: 'double', id: 'a', rawOutputContents: [] });
    const byName = new Map(response.outputs.map((output) => [output.name, output]));
    expect(byName.get('score')).toMatchObject({
      ...{ datatype: 'FP32', shape: [2] },
      contents: { fp32Contents: expected.results.map(({ score }) => score) },
    });
    expect(byName.get('p_value')!.contents!.fp64Contents).toEqual(expected.results.map(({ pValue }) => pValue));
    expect(byName.get('anomalous')!.contents!.boolContents).toEqual([false, true]);
    expect(byName.get('threshold')!.contents!.fp64Contents).toEqual([expected.threshold, expected.threshold]);
    expect(response.parameters['false_positive_rate']).toMatchObject({ doubleParam: 0.01 });
    expect(await scrape(http)).toMatch(/^aristarch_rows_scored_total\{transport="inference"\} 2$/m);
  });

  it('answers raw contents with raw ones', async () => {
    const { infer } = await start(true);
    const response = await infer({
      ...rawFields([6, 9.95]),
      outputs: ['group', 'score', 'anomalous'].map((name) => ({ name })),
    });
    expect(response.outputs.map(({ name, contents }) => [name, contents])).toEqual([
      ['group', null],
      ['score', null],
      ['anomalous', null],
    ]);
    const [group, score, anomalous] = response.rawOutputContents;
    expect(group!.toString('latin1')).toBe('\r\0\0\0online = true'.repeat(2));
    expect([score!.readFloatLE(0), score!.readFloatLE(4)]).toEqual([6, 9.95].map(Math.fround));
    expect([...anomalous!]).toEqual([1, 1]);
  });

  it('takes packed raw rows as one tensor', async () => {
    const { infer } = await start();
    const values = [3, 0, 1, 0, 0, 4, 0, 1, 0, 0];
    const packed = { name: 'rows', datatype: 'FP32', shape: [2, 5], contents: { fp32Contents: values } };
    const { outputs } = await infer({ inputs: [packed] });
    expect(outputs[0]!.contents!.fp32Contents).toEqual([3, 4]);
    await expect(infer({ inputs: [{ ...packed, shape: [5, 2] }] })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringMatching(/rows are 2 values wide and model "double" takes 5/) as unknown,
    });
  });

  it('takes NaN, and a BOOL tensor beside any type, for missing values', async () => {
    const { infer, scoring } = await start();
    const [amount, country, online, at] = fields([NaN, 2]);
    const missing = { name: 'at:missing', datatype: 'BOOL', shape: [2], contents: { boolContents: [true, false] } };
    const { outputs } = await infer({ inputs: [amount, country, online, at, missing] });
    const none = {
      records: { records: [{ fields: { amount: {}, country: { text: 'DE' }, online: { flag: true }, at: {} } }] },
    };
    const expected = await scoring.score(none);
    expect(outputs[0]!.contents!.fp32Contents![0]).toBe(expected.results[0]!.score);
  });

  it('takes the rate as a double or as a text', async () => {
    const { infer } = await start();
    for (const parameter of [{ doubleParam: 0.5 }, { stringParam: '0.5' }]) {
      const response = await infer({ inputs: fields([6]), parameters: { false_positive_rate: parameter } });
      expect(response.parameters['false_positive_rate']).toMatchObject({ doubleParam: 0.5 });
    }
  });

  const [amount] = fields([1, 2]);
  it.each<[string, object, RegExp]>([
    ['no inputs', { inputs: [] }, /has no inputs; ModelMetadata lists them/],
    ['a shape that does not fit', { inputs: [{ ...amount, shape: [3] }] }, /has 2 values, and its shape \[3\] says 3/],
    ['a shape that is none', { inputs: [{ ...amount, shape: [-1] }] }, /has the shape \[-1\], which is none/],
    ['a type that is not known', { inputs: [{ ...amount, datatype: 'FP16' }] }, /is of no type that is known here/],
    [
      'too few raw bytes',
      { ...rawFields([1]), inputs: rawFields([1, 2]).inputs },
      /has 8 raw bytes, and 2 values of FP64 take 16/,
    ],
    ['too few raw contents', { ...rawFields([1]), rawInputContents: [Buffer.alloc(8)] }, /4 inputs and 1 raw contents/],
    ['an output that there is not', { inputs: fields([1]), outputs: [{ name: 'x' }] }, /there is no output "x"/],
    [
      'an output that is asked for twice, which would come to as many tensors',
      { inputs: fields([1]), outputs: [{ name: 'score' }, { name: 'p_value' }, { name: 'score' }] },
      /^the output "score" stands there twice: send each once$/,
    ],
    [
      'an input that is there twice',
      { inputs: [...fields([1]), ...fields([2]).slice(0, 1)] },
      /^the input "amount" stands there twice: send each once$/,
    ],
    [
      'a rate that is none',
      { inputs: fields([1]), parameters: { false_positive_rate: { stringParam: 'x' } } },
      /must be a double/,
    ],
    [
      'missing values that are not said as BOOL',
      {
        inputs: [
          ...fields([1, 2]),
          { name: 'amount:missing', datatype: 'INT8', shape: [2], contents: { intContents: [1, 0] } },
        ],
      },
      /^the input "amount:missing" is of type "INT8": send BOOL, true for each row whose value is missing$/,
    ],
    [
      'missing values of an input that is not there',
      {
        inputs: [
          ...fields([1, 2]),
          { name: 'amout:missing', datatype: 'BOOL', shape: [2], contents: { boolContents: [true, false] } },
        ],
      },
      /^the input "amout:missing" says which values of the input "amout" are missing, and there is no such input: send that too/,
    ],
    ['inputs of different lengths', { inputs: [amount, ...fields([1]).slice(1)] }, /the first input has 2 rows/],
  ])('refuses %s', async (_, request, details) => {
    const { infer } = await start();
    const refusal = { code: status.INVALID_ARGUMENT, details: expect.stringMatching(details) as unknown };
    await expect(infer(request)).rejects.toMatchObject(refusal);
  });
});

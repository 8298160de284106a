import { expect, it } from '@jest/globals';
import { type Client, Metadata, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import {
  INFERENCE_SERVICE,
  loadInferenceContract,
  type WireInferRequest,
  type WireInferResponse,
} from '../../../src/server/grpc/inference/contract.ts';
import { createRawClientFixture } from '../../support/grpc-client.ts';
import { FUZZ_INPUTS, run } from './campaign.ts';
import { mutated } from './mutations.ts';
import { CALLERS_FAULTS, connected, createFuzzedServers, nameOf } from './served.ts';

const serve = createFuzzedServers();
const connect = createRawClientFixture();
const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
const { requestSerialize, requestDeserialize, responseDeserialize, path } = definition['ModelInfer']!;

const tensor = (name: string, datatype: string, contents?: object) => ({
  ...{ name, datatype, shape: [2] },
  ...(contents && { contents }),
});
const AT_MS = 1_700_000_000_000;
const TYPED = [
  tensor('amount', 'FP64', { fp64Contents: [1, 2] }),
  tensor('country', 'BYTES', { bytesContents: [Buffer.from('DE'), Buffer.from('FR')] }),
  tensor('online', 'BOOL', { boolContents: [true, false] }),
  tensor('at', 'INT64', { int64Contents: [AT_MS, AT_MS] }),
];
const RAW = {
  inputs: TYPED.map(({ name, datatype }) => tensor(name, datatype)),
  rawInputContents: [
    Buffer.from(Float64Array.of(1, 2).buffer),
    Buffer.from([2, 0, 0, 0, 0x44, 0x45, 2, 0, 0, 0, 0x46, 0x52]),
    Buffer.of(1, 0),
    Buffer.from(BigInt64Array.of(BigInt(AT_MS), BigInt(AT_MS)).buffer),
  ],
};
const rows = { name: 'rows', datatype: 'FP32', shape: [2, 5] };
const GOOD = [
  { inputs: TYPED, id: 'a', modelName: 'double' },
  { ...RAW, outputs: [{ name: 'score' }, { name: 'p_value' }] },
  { inputs: [{ ...rows, contents: { fp32Contents: [3, 0, 1, 0, 0, 4, 0, 1, 0, 0] } }] },
  { inputs: [rows], rawInputContents: [Buffer.from(Float32Array.of(3, 0, 1, 0, 0, 4, 0, 1, 0, 0).buffer)] },
  { inputs: TYPED, parameters: { false_positive_rate: { doubleParam: 0.05 } } },
].map((message) => requestSerialize(message));
const INTACT = new Set(GOOD.map((bytes) => bytes.toString('latin1')));

function infer(client: Client, bytes: Buffer): Promise<{ code: number; response?: WireInferResponse }> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, response?: WireInferResponse) =>
      resolve(error ? { code: error.code } : { code: status.OK, response: response! });
    const read = (answer: Buffer) => responseDeserialize(answer) as WireInferResponse;
    client.makeUnaryRequest(path, (value: Buffer) => value, read, bytes, new Metadata(), done);
  });
}

function decode(bytes: Buffer): WireInferRequest | undefined {
  try {
    return requestDeserialize(bytes) as WireInferRequest;
  } catch {
    return undefined;
  }
}

/** An answer has what was asked for, for each row, in the way of the request. */
function checkAnswer(request: WireInferRequest, { outputs, rawOutputContents, id }: WireInferResponse): void {
  const [first] = request.inputs;
  const isPacked = request.inputs.length === 1 && first!.name === 'rows' && first!.shape.length === 2;
  const count = isPacked ? first!.shape[0]! : first!.shape.reduce((product, length) => product * length, 1);
  const names = request.outputs.map(({ name }) => name);
  expect(outputs.map(({ name }) => name)).toEqual(
    names.length > 0 ? names : ['score', 'p_value', 'anomalous', 'threshold', 'group'],
  );
  for (const { shape } of outputs) expect(shape).toEqual([count]);
  expect(rawOutputContents).toHaveLength(request.rawInputContents.length > 0 ? outputs.length : 0);
  expect(id).toBe(request.id);
  for (const { name, contents } of outputs) {
    if (name !== 'p_value' || !contents) continue;
    expect(contents.fp64Contents).toHaveLength(count);
    for (const pValue of contents.fp64Contents!) expect(pValue > 0 && pValue <= 1).toBe(true);
  }
}

it(`answers ${FUZZ_INPUTS} mutated messages of the Open Inference Protocol, typed and raw, and keeps nothing`, async () => {
  const { grpc, atRest, checkLog } = await serve();
  const client = await connected(connect(grpc, definition));
  const outcomes = await run({
    ...{ entrance: 'gRPC', what: 'messages to `ModelInfer`, typed and raw', inputs: mutated(GOOD), atRest },
    send: async (bytes) => {
      const { code, response } = await infer(client, bytes);
      const request = decode(bytes);
      if (request === undefined) expect(code).toBe(status.INVALID_ARGUMENT);
      else if (response !== undefined) checkAnswer(request, response);
      else expect(CALLERS_FAULTS).toContain(code);
      if (INTACT.has(bytes.toString('latin1'))) expect(code).toBe(status.OK);
      return nameOf(code);
    },
  });
  expect(outcomes['OK']).toBeGreaterThan(FUZZ_INPUTS / 50);
  expect(outcomes['INVALID_ARGUMENT']).toBeGreaterThan(FUZZ_INPUTS / 10);
  checkLog();
}, 3_600_000);

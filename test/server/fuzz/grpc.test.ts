import { expect, it } from '@jest/globals';
import { type Client, Metadata, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import {
  loadContract,
  SERVICE,
  type WireScoreRequest,
  type WireScoreResponse,
} from '../../../src/server/grpc/contract.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from '../../../src/server/grpc/inference/contract.ts';
import { createRawClientFixture, dense, HEALTH, record, records, REFLECTION } from '../../support/grpc-client.ts';
import { FUZZ_INPUTS, run } from './campaign.ts';
import { mutated } from './mutations.ts';
import { CALLERS_FAULTS, connected, createFuzzedServers, nameOf } from './served.ts';

const serve = createFuzzedServers();
const connect = createRawClientFixture();
const OK: number = status.OK;
const definition = loadContract()[SERVICE] as ServiceDefinition;
const { requestSerialize, requestDeserialize, responseDeserialize, path } = definition['Score']!;

const GOOD = [
  dense(1, 2, 3),
  { ...dense(9.99), falsePositiveRate: 0.05, requestId: 'r-1', model: 'double' },
  records(1, 2),
  { records: { records: [record(1, { country: { null: 'NULL_VALUE' } }), record(2)] }, requestId: 'r' },
].map((message) => requestSerialize(message));

interface Answer {
  readonly code: number;
  readonly response?: Buffer;
}

function call(client: Client, method: string, bytes: Buffer): Promise<Answer> {
  const identity = (value: Buffer) => value;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, response?: Buffer) =>
      resolve(error ? { code: error.code } : { code: status.OK, response: response! });
    client.makeUnaryRequest(method, identity, identity, bytes, new Metadata(), done);
  });
}

function decode(bytes: Buffer): WireScoreRequest | undefined {
  try {
    return requestDeserialize(bytes) as WireScoreRequest;
  } catch {
    return undefined;
  }
}

/** Whether a request must be scored; others may be refused. */
function isScorable({ model, rows, dense: packed, falsePositiveRate, explainTopK }: WireScoreRequest): boolean {
  const plain = (model === '' || model === 'double') && explainTopK === 0;
  if (!plain || falsePositiveRate !== undefined || rows !== 'dense') return false;
  const count = packed!.values.length / packed!.width;
  return packed!.width === 5 && Number.isInteger(count) && count > 0;
}

it(`answers ${FUZZ_INPUTS} mutated messages with scores or the caller's fault, as protobuf reads them, and keeps nothing`, async () => {
  const { grpc, atRest, checkLog } = await serve();
  const client = await connected(connect(grpc, definition));
  const outcomes = await run({
    ...{ entrance: 'gRPC', what: 'messages to `Score`', inputs: mutated(GOOD), atRest },
    send: async (bytes) => {
      const { code, response } = await call(client, path, bytes);
      const request = decode(bytes);
      if (request === undefined) expect(code).toBe(status.INVALID_ARGUMENT);
      else if (code === OK) {
        const { results } = responseDeserialize(response!) as WireScoreResponse;
        const sent = request.records?.records.length ?? request.dense!.values.length / 5;
        expect(results).toHaveLength(sent);
        for (const { pValue } of results) expect(pValue > 0 && pValue <= 1).toBe(true);
        expect(['', 'double']).toContain(request.model);
      } else {
        expect(CALLERS_FAULTS).toContain(code);
        expect(isScorable(request)).toBe(false);
      }
      return nameOf(code);
    },
  });
  // The inputs reach both sides of the fence.
  expect(outcomes['OK']).toBeGreaterThan(FUZZ_INPUTS / 50);
  expect(outcomes['INVALID_ARGUMENT']).toBeGreaterThan(FUZZ_INPUTS / 10);
  checkLog();
}, 3_600_000);

it('answers mutated messages to all other methods with a fault of the caller', async () => {
  const { grpc, atRest, checkLog } = await serve();
  const client = await connected(connect(grpc, definition));
  const inference = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
  const others = [definition, inference, HEALTH, REFLECTION]
    .flatMap((each) => Object.values(each))
    .filter((method) => !/\/(Score|Watch)$/.test(method.path));
  const names = [
    Buffer.alloc(0),
    Buffer.from('\n\x06double'),
    Buffer.from('\n\x06absent'),
    Buffer.from(`\n\x19aristarch.v1.Aristarch`),
  ];
  await run({
    ...{
      entrance: 'gRPC',
      what: 'messages to every other method but `Watch`, which answers for ever',
      share: 0.5,
      atRest,
    },
    inputs: fc.tuple(fc.constantFrom(...others), mutated([...GOOD, ...names])),
    send: async ([method, bytes]) => {
      const { code } = await call(client, method.path, bytes);
      // What grpc-js says of the standard services' messages that are none.
      const isStandard = method.path.startsWith('/grpc.');
      const allowed = [OK, ...CALLERS_FAULTS, status.FAILED_PRECONDITION, ...(isStandard ? [status.INTERNAL] : [])];
      expect(allowed).toContain(code);
      return nameOf(code);
    },
  });
  checkLog();
}, 3_600_000);

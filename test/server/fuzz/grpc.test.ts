import { expect, it } from '@jest/globals';
import { type Client, Metadata, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import {
  loadContract,
  SERVICE,
  type WireScoreRequest,
  type WireScoreResponse,
} from '../../../src/server/grpc/contract.ts';
import { createRawClientFixture, dense, record, records } from '../../support/grpc-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { FUZZ_INPUTS, LEAK_BYTES, leftBehind, mutated } from './mutations.ts';

const serve = createServeFixture();
const connect = createRawClientFixture();
const OK: number = status.OK;
const definition = loadContract()[SERVICE] as ServiceDefinition;
const { requestSerialize, requestDeserialize, responseDeserialize, path } = definition['Score']!;

/** What a caller may be told of bytes that it made up; anything else is a fault of the server. */
const CALLERS_FAULTS = [status.INVALID_ARGUMENT, status.NOT_FOUND, status.OUT_OF_RANGE, status.RESOURCE_EXHAUSTED];

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

/** Rows of a request that must be scored; undefined where it may be refused. */
function scorableRows({
  model,
  rows,
  dense: packed,
  falsePositiveRate,
  explainTopK,
}: WireScoreRequest): number | undefined {
  const plain = (model === '' || model === 'double') && explainTopK === 0;
  if (!plain || falsePositiveRate !== undefined || rows !== 'dense') return undefined;
  const count = packed!.values.length / packed!.width;
  return packed!.width === 5 && Number.isInteger(count) && count > 0 ? count : undefined;
}

it(`answers ${FUZZ_INPUTS} mutated messages with scores or the caller's fault, as protobuf reads them, and keeps nothing`, async () => {
  const { log, lines } = createListeningLog();
  const { addresses } = await serve({ log });
  const client = connect(addresses.grpc, definition);
  const seen = new Map<number, number>();
  const left = await leftBehind(
    fc.asyncProperty(mutated(GOOD), async (bytes) => {
      const { code, response } = await call(client, path, bytes);
      seen.set(code, (seen.get(code) ?? 0) + 1);
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
        expect(scorableRows(request)).toBeUndefined();
      }
    }),
  );
  expect(left).toBeLessThan(LEAK_BYTES);
  // The inputs reach both sides of the fence.
  expect(seen.get(status.OK)).toBeGreaterThan(FUZZ_INPUTS / 50);
  expect(seen.get(status.INVALID_ARGUMENT)).toBeGreaterThan(FUZZ_INPUTS / 10);
  expect(lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
}, 3_600_000);

it('answers mutated messages to its other methods with a fault of the caller', async () => {
  const { addresses } = await serve();
  const client = connect(addresses.grpc, definition);
  const others = Object.values(definition).filter((method) => !method.path.endsWith('/Score'));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...others), mutated(GOOD), async (method, bytes) => {
      const { code } = await call(client, method.path, bytes);
      expect([status.OK, ...CALLERS_FAULTS, status.FAILED_PRECONDITION, status.UNIMPLEMENTED]).toContain(code);
    }),
    { numRuns: Math.ceil(FUZZ_INPUTS / 10) },
  );
}, 3_600_000);

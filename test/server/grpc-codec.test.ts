import type { ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodePackedRequest, encodePlainResponse } from '../../src/server/grpc/codec.ts';
import { loadContract, SERVICE, type WireScoreRequest } from '../../src/server/grpc/contract.ts';
import { fromScoreRequest, toScoreResponse } from '../../src/server/grpc/convert.ts';
import type { ScoreOutcome } from '../../src/server/scoring-service.ts';

const METHOD = (loadContract()[SERVICE] as ServiceDefinition)['Score']!;
const encode = (message: unknown): Buffer => Buffer.from(METHOD.requestSerialize(message));
const decodeOrdinary = (bytes: Buffer): WireScoreRequest => METHOD.requestDeserialize(bytes) as WireScoreRequest;
const runs = (numRuns: number) => ({ numRuns, seed: 7 });

const floats = fc.array(fc.float(), { maxLength: 40 });
const words = fc.string({ unit: 'binary', maxLength: 20 });
const packedRequest = fc.record(
  {
    model: words,
    dense: fc.record({ values: floats, width: fc.nat(0xffffffff) }),
    falsePositiveRate: fc.double(),
    requestId: words,
    modelVersion: words,
    explainTopK: fc.nat(0xffffffff),
  },
  { requiredKeys: ['dense'] },
);

/** What reaches the service, in a form in which NaN equals NaN and -0 does not equal 0. */
function toJob(message: WireScoreRequest): unknown {
  const { requestId, job } = fromScoreRequest(message, { transport: 'grpc' });
  return { requestId, ...job, rows: Array.from(job.rows as Float32Array) };
}

/** The same bytes at another place in memory, aligned to `offset` modulo 4. */
function placeAt(bytes: Buffer, offset: number): Buffer {
  const place = Buffer.from(new ArrayBuffer(bytes.length + 8)).subarray(offset, offset + bytes.length);
  bytes.copy(place);
  return place;
}

describe('the quick reader of packed rows', () => {
  it('reads every message of packed rows as proto-loader does, wherever its bytes lie', () => {
    fc.assert(
      fc.property(packedRequest, fc.nat(3), (request, offset) => {
        const bytes = encode(request);
        expect(toJob(decodePackedRequest(placeAt(bytes, offset))!)).toEqual(toJob(decodeOrdinary(bytes)));
      }),
      runs(2000),
    );
  });

  it('looks into the bytes wherever they lie, and leaves those around them alone', () => {
    const bytes = encode({ dense: { values: [1, 2], width: 2 } });
    for (const offset of [0, 1, 2, 3]) {
      const around = Buffer.alloc(bytes.length + 24, 7);
      const placed = around.subarray(8 + offset, 8 + offset + bytes.length);
      bytes.copy(placed);
      const values = decodePackedRequest(placed)!.dense!.values as Float32Array;
      expect(values.buffer).toBe(placed.buffer);
      expect([...values]).toEqual([1, 2]);
      const others = [...around.subarray(0, 8 + offset), ...around.subarray(8 + offset + bytes.length)];
      expect(others.every((byte) => byte === 7)).toBe(true);
    }
  });

  it('leaves the bytes as they were where it leaves them to proto-loader', () => {
    const bytes = Buffer.concat([encode({ dense: { values: [1, 2], width: 2 } }), Buffer.from([0x78, 1])]);
    for (const offset of [0, 1, 2, 3]) {
      const placed = placeAt(bytes, offset);
      expect(decodePackedRequest(placed)).toBeUndefined();
      expect(placed).toEqual(bytes);
    }
  });

  it('never says of damaged bytes what proto-loader does not say', () => {
    let taken = 0;
    const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(packedRequest, damage, fc.nat(), (request, changes, cut) => {
        const bytes = encode(request);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const damaged = bytes.subarray(0, cut % 3 === 0 ? cut % (bytes.length + 1) : bytes.length);
        const quick = decodePackedRequest(Buffer.from(damaged));
        if (quick === undefined) return;
        taken++;
        expect(toJob(quick)).toEqual(toJob(decodeOrdinary(damaged)));
      }),
      runs(20_000),
    );
    expect(taken).toBeGreaterThan(1000);
  });

  it.each([
    ['named records', encode({ records: { records: [{ fields: { a: { number: 1 } } }] } })],
    ['no rows', encode({ model: 'm' })],
    ['values that are not packed', Buffer.from([0x1a, 7, 0x0d, 0, 0, 128, 63, 0x10, 1])],
    ['packed rows that come twice', Buffer.concat([encode({ dense: {} }), encode({ dense: { width: 1 } })])],
    ['a field that the contract does not have', Buffer.concat([encode({ dense: {} }), Buffer.from([0x78, 1])])],
    ['a length beyond the end', Buffer.from([0x1a, 100, 0x0a])],
    ['half a float', Buffer.from([0x1a, 4, 0x0a, 2, 0, 0])],
  ])('leaves %s to proto-loader', (_, bytes) => {
    expect(decodePackedRequest(bytes)).toBeUndefined();
  });
});

describe('the quick writer of scores', () => {
  const outcome = fc
    .record({
      rows: fc.array(fc.tuple(fc.float(), fc.double(), fc.boolean()), { maxLength: 30 }),
      threshold: fc.double(),
      falsePositiveRate: fc.double(),
      model: fc.string({ unit: 'binary', maxLength: 200 }),
      modelVersion: words,
    })
    .map(({ rows, threshold, falsePositiveRate, model, modelVersion }): ScoreOutcome => ({
      batch: {
        scores: Float32Array.from(rows, ([score]) => score),
        pValues: Float64Array.from(rows, ([, pValue]) => pValue),
        verdicts: Uint8Array.from(rows, ([, , anomalous]) => (anomalous ? 1 : 0)),
        threshold,
        falsePositiveRate,
      },
      model,
      modelVersion,
    }));

  it('writes the bytes that proto-loader writes', () => {
    fc.assert(
      fc.property(outcome, words, (scored, requestId) => {
        const quick = encodePlainResponse({ outcome: scored, requestId })!;
        expect(quick.equals(METHOD.responseSerialize(toScoreResponse(scored, requestId)))).toBe(true);
      }),
      runs(2000),
    );
  });

  it('leaves explanations to proto-loader', () => {
    const [scored] = fc.sample(outcome, { numRuns: 1, seed: 1 });
    expect(encodePlainResponse({ outcome: { ...scored!, explanations: [] }, requestId: '' })).toBeUndefined();
  });
});

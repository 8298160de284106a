import { describe, expect, it } from '@jest/globals';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';
import { callErrorOf, createTypedClientFixture, payment } from '../../support/typed-client.ts';

const serve = createServeFixture();
const connect = createTypedClientFixture();

describe('single rows', () => {
  it('that come together are one call, and each has the answer it has alone', async () => {
    const detector = createDetectorDouble();
    const client = connect((await serve({ detector })).addresses.grpc);
    const scoreOne = client.batched();
    const before = detector.calls.length;
    const amounts = Array.from({ length: 300 }, (_, i) => i / 30);
    const results = await Promise.all(amounts.map((amount) => scoreOne(payment(amount))));
    expect(detector.calls.slice(before)).toEqual([300]);
    expect(results.map(({ score }) => score)).toEqual([...Float32Array.from(amounts)]);
    const alone = await scoreOne(payment(amounts[17]!));
    expect(alone).toEqual(results[17]);
    expect(detector.calls.slice(before)).toEqual([300, 1]);
  });

  it('fill calls of at most so many rows', async () => {
    const detector = createDetectorDouble();
    const client = connect((await serve({ detector })).addresses.grpc);
    const scoreOne = client.batched({ maxRows: 4, delayMs: 20 });
    const results = await Promise.all([1, 2, 3, 4, 5, 6].map((amount) => scoreOne(payment(amount))));
    expect(results.map(({ score }) => score)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('fail alone: the others of the call are scored', async () => {
    const client = connect((await serve()).addresses.grpc);
    const scoreOne = client.batched();
    const rows = [payment(1), { amount: 2 }, payment(3), { ...payment(4), online: 'perhaps' }, payment(5)];
    const outcomes = await Promise.allSettled(rows.map((row) => scoreOne(row)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(await callErrorOf(scoreOne({ amount: 2 }))).toMatchObject({ code: 'SCHEMA_MISMATCH' });
  });

  it('that cannot be sent fail before they join others', async () => {
    const detector = createDetectorDouble();
    const client = connect((await serve({ detector })).addresses.grpc);
    const scoreOne = client.batched();
    const before = detector.calls.length;
    const bad = [
      { ...payment(1), amount: undefined as unknown as number },
      { ...payment(1), at: new Date(NaN) },
    ];
    const outcomes = await Promise.allSettled([...bad, payment(2), payment(3)].map((row) => scoreOne(row)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
    expect(outcomes.slice(0, 2).map((each) => String((each as PromiseRejectedResult).reason))).toEqual([
      expect.stringContaining('field "amount" is undefined'),
      expect.stringContaining('field "at" is an invalid date'),
    ]);
    expect(detector.calls.slice(before)).toEqual([2]);
  });

  it('that are too many bytes together are sent in parts', async () => {
    const client = connect((await serve({ settings: { maxMessageBytes: 4000 } })).addresses.grpc);
    const scoreOne = client.batched();
    const results = await Promise.all(Array.from({ length: 200 }, (_, i) => scoreOne(payment(i / 20))));
    expect(results).toHaveLength(200);
    expect(results[199]!.score).toBeCloseTo(9.95);
  });

  it('all fail where the fault is none of theirs', async () => {
    const client = connect((await serve()).addresses.grpc);
    const scoreOne = client.batched({ model: 'nobody' });
    const errors = await Promise.all([1, 2, 3].map((amount) => callErrorOf(scoreOne(payment(amount)))));
    expect(errors.map(({ status }) => status)).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND']);
  });
});

import { describe, expect, it } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { createClientFixture, dense, record, records } from '../support/grpc-client.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();

async function start(settings: Readonly<Record<string, unknown>> = {}) {
  const { addresses } = await serve({ settings });
  return connect(addresses.grpc);
}

describe('Score', () => {
  it('scores named records in order, with p-value, verdict, threshold and the model', async () => {
    const client = await start();
    const response = await client.score({ ...records(0.5, 9.985, 5), requestId: 'r-1' });
    expect(response.results.map(({ anomalous }) => anomalous)).toEqual([false, true, false]);
    expect(response.results.map(({ score }) => score)).toEqual([0.5, Math.fround(9.985), 5]);
    expect(response.results[2]!.pValue).toBeCloseTo(0.501, 10);
    expect(response).toMatchObject({
      threshold: Math.fround(9.9),
      falsePositiveRate: 0.01,
      model: 'double',
      modelVersion: '20260101T000000Z',
      requestId: 'r-1',
    });
  });

  it('scores packed rows as it scores the same named records', async () => {
    const client = await start();
    const named = await client.score(records(1, 2, 9.95));
    expect(await client.score(dense(1, 2, 9.95))).toEqual(named);
  });

  it('flags at the rate of the request', async () => {
    const client = await start();
    const strict = await client.score({ ...dense(9.5), falsePositiveRate: 0.001 });
    const loose = await client.score({ ...dense(9.5), falsePositiveRate: 0.1 });
    expect([strict, loose].map(({ results }) => results[0]!.anomalous)).toEqual([false, true]);
    expect(loose).toMatchObject({ falsePositiveRate: 0.1, threshold: Math.fround(9) });
  });

  it('explains each row where the request asks for it, and none where it does not', async () => {
    const client = await start();
    const { results } = await client.score({ ...dense(2, 9.95), explainTopK: 3 });
    expect(results.map(({ explanation }) => explanation!.contributions.map(({ sentence }) => sentence))).toEqual([
      ['amount 2; normal would be about 0'],
      [`amount ${Math.fround(9.95)}; normal would be about 0`],
    ]);
    const [contribution] = results[0]!.explanation!.contributions;
    expect(contribution).toMatchObject({
      field: 'amount',
      value: { number: 2 },
      normal: { number: 0 },
      contribution: 2,
    });
    expect(results[0]!.explanation!.counterpart).toMatchObject({
      amount: { number: 0 },
      country: { text: 'DE' },
      online: { null: 'NULL_VALUE' },
      at: { text: 'Monday 12:00:00' },
    });
    expect((await client.score(dense(2))).results[0]!.explanation ?? null).toBeNull();
  });

  it('refuses to explain more rows than the settings allow', async () => {
    const client = await start({ maxExplainRows: 2 });
    await expect(client.score({ ...dense(1, 2, 3), explainTopK: 1 })).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('the request wants explanations of 3 rows and the limit is 2'),
    });
  });

  it("flags at the server's rate when the request states none", async () => {
    const client = await start({ falsePositiveRate: 0.1 });
    expect((await client.score(dense(9.5))).results[0]!.anomalous).toBe(true);
  });

  it('takes an explicit null and a value with nothing set for a missing value', async () => {
    const client = await start();
    const missing = [record(1, { country: { null: 'NULL_VALUE' } }), record(2, { country: {} })];
    const { results } = await client.score({ records: { records: missing } });
    expect(results.map(({ score }) => score)).toEqual([1, 2]);
  });

  it('scores a batch of many chunks as it scores each row', async () => {
    const detector = createDetectorDouble();
    const { addresses } = await serve({ detector });
    const amounts = Array.from({ length: 10_000 }, (_, row) => row / 1000);
    const { results } = await connect(addresses.grpc).score(dense(...amounts));
    expect(results.map(({ score }) => score)).toEqual(amounts.map(Math.fround));
    expect(detector.calls).toEqual([1, ...new Array<number>(19).fill(512), 272]);
  });
});

describe('a request that cannot be scored', () => {
  it.each([
    [
      'a field is absent',
      { records: { records: [record(1), record(2, { country: undefined, counrty: { text: 'DE' } })] } },
      status.INVALID_ARGUMENT,
      /record 1 has no field "country" \(it has "counrty"\)/,
    ],
    [
      'a value has the wrong type',
      { records: { records: [record(1, { amount: { text: 'many' } })] } },
      status.INVALID_ARGUMENT,
      /record 0: "many" cannot be the number "amount"/,
    ],
    ['there are no rows', {}, status.INVALID_ARGUMENT, /has no rows; set "records".* or "dense"/],
    ['the list of records is empty', { records: {} }, status.INVALID_ARGUMENT, /has no rows; send at least one/],
    [
      'rows are too wide',
      { dense: { width: 6, values: [1, 2, 3, 4, 5, 6] } },
      status.INVALID_ARGUMENT,
      /6 values wide .* takes 5/,
    ],
    [
      'rows are incomplete',
      { dense: { width: 5, values: [1, 2, 3, 4, 5, 6] } },
      status.INVALID_ARGUMENT,
      /6 packed values/,
    ],
    ['the rate is no rate', { ...dense(1), falsePositiveRate: 1.5 }, status.INVALID_ARGUMENT, /1\.5 is not possible/],
    [
      'the rate is below what the calibration supports',
      { ...dense(1), falsePositiveRate: 0.0001 },
      status.OUT_OF_RANGE,
      /needs 9999 calibration rows and this model has 999: ask for at least 0\.001/,
    ],
    ['the model is another', { ...dense(1), model: 'other' }, status.NOT_FOUND, /"other" is not served here.*"double"/],
  ])('is refused when %s', async (_, request, code, details) => {
    const client = await start();
    const error = await client.refusal(request);
    expect(error.details).toMatch(details);
    expect(error.code).toBe(code);
  });

  it('is refused with the limit when it has too many rows', async () => {
    const client = await start({ maxRows: 2 });
    await client.score(dense(1, 2));
    const error = await client.refusal(dense(1, 2, 3));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(/3 rows and the limit is 2; .*--max-rows/);
  });

  it('is refused with the limit when its message is too large', async () => {
    const client = await start({ maxMessageBytes: 2048 });
    const error = await client.refusal(dense(...new Array<number>(500).fill(1)));
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(error.details).toMatch(/larger than max \(\d+ vs 2048\)/);
  });

  it('tells machines the code and the facts in the trailing metadata', async () => {
    const client = await start();
    const { metadata } = await client.refusal({ ...dense(1), falsePositiveRate: 0.0001 });
    expect(metadata.get('aristarch-code')).toEqual(['RATE_UNSUPPORTED']);
    expect(JSON.parse(String(metadata.get('aristarch-data-bin')[0]))).toMatchObject({
      falsePositiveRate: 0.0001,
      smallestFalsePositiveRate: 0.001,
    });
  });

  it('is refused clearly when a field name is a megabyte long, where names may be that long', async () => {
    const client = await start({ maxTextBytes: 2_000_000 });
    const near = `amount${'x'.repeat(1_000_000)}`;
    const error = await client.refusal({
      records: { records: [record(1, { amount: undefined, [near]: { number: 1 } })] },
    });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toMatch(/has no field "amount"/);
  });

  it('is refused as invalid, not as a fault of the server, when its bytes are no message', async () => {
    const client = await start();
    const error = await new Promise<{ code: number; details: string }>((resolve) => {
      const bytes = Buffer.from([0x12, 0x7f, 0x01]);
      client.raw.makeUnaryRequest(
        '/aristarch.v1.Aristarch/Score',
        () => bytes,
        (b: Buffer) => b,
        {},
        (failure) => resolve(failure!),
      );
    });
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toMatch(/no valid request of \/aristarch\.v1\.Aristarch\/Score/);
  });

  it('does not say more than that when the server itself is at fault', async () => {
    const detector = createDetectorDouble({
      beforeScore: (call) => (call > 1 ? Promise.reject(new TypeError('cannot read x of undefined')) : undefined),
    });
    const { addresses } = await serve({ detector });
    const error = await connect(addresses.grpc).refusal(dense(1));
    expect(error.code).toBe(status.INTERNAL);
    expect(error.metadata.get('aristarch-code')).toEqual(['INTERNAL']);
  });
});

describe('DescribeModel', () => {
  it('tells fields, slots, calibration and origin', async () => {
    const client = await start();
    expect(await client.describe()).toMatchObject({
      model: 'double',
      slots: ['amount', 'country', 'online', 'at.secondOfDay', 'at.dayOfWeek'],
      smallestFalsePositiveRate: 0.001,
      calibrationCount: 999,
      calibrationMethod: 'split',
      device: 'cpu',
      trainingRows: 5000,
    });
    expect((await client.describe('double')).fields[1]).toEqual({
      name: 'country',
      kind: 'category',
      missing: true,
      levels: ['DE', 'FR'],
      condition: false,
    });
  });

  it('serves the model under the name of the settings', async () => {
    const client = await start({ modelName: 'payments' });
    expect((await client.describe('payments')).model).toBe('payments');
    expect((await client.score({ ...dense(1), model: 'payments' })).model).toBe('payments');
    await expect(client.describe('double')).rejects.toThrow(/"double" is not served here; this server has "payments"/);
  });
});

describe('a model that is calibrated by groups', () => {
  it('has each result with its group and the threshold of it, however many parts a request is scored in', async () => {
    const { addresses } = await serve({ detector: createDetectorDouble({ grouped: true }) });
    const client = connect(addresses.grpc);
    const both = [record(7, { online: { flag: true } }), record(7, { online: { flag: false } })];
    const many = Array.from({ length: 3000 }, () => both).flat();
    const { results } = await client.score({ records: { records: many } });
    const [online, rest] = results.slice(-2);
    expect(online).toMatchObject({ anomalous: true, calibrated: { group: 'online = true', threshold: 5 } });
    expect(rest).toMatchObject({ anomalous: false, calibrated: { group: 'the rest', threshold: 9 } });
  });

  it('tells its groups in DescribeModel, and a model without groups tells none', async () => {
    const { addresses } = await serve({ detector: createDetectorDouble({ grouped: true }) });
    const { calibrationGroups } = await connect(addresses.grpc).describe();
    expect(calibrationGroups.map(({ name, count }) => [name, count])).toEqual([
      ['online = true', 499],
      ['the rest', 499],
    ]);
    expect((await (await start()).describe()).calibrationGroups).toEqual([]);
    const plain = await (await start()).score(dense(1));
    expect(plain.results[0]!.calibrated ?? null).toBeNull();
  });
});

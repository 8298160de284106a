import {
  type Client,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { AristarchError } from '../../../src/base/errors.ts';
import { loadContract, SERVICE, type WireScoreResponse } from '../../../src/server/grpc/contract.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from '../../../src/server/grpc/inference/contract.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { createClientFixture, createRawClientFixture, dense, record, records } from '../../support/grpc-client.ts';
import { readAll } from '../../support/grpc-sampling.ts';
import { createServeFixture, type ServeOptions } from '../../support/serve-fixture.ts';
import { type CollectedSpan, createCollectorFixture, SPAN_KINDS, STATUS_ERROR } from '../../support/trace-collector.ts';

const serve = createServeFixture();
const collect = createCollectorFixture();
const connect = createClientFixture();
const connectRaw = createRawClientFixture();
const data = useDataFolder();

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SCORE = `${SERVICE}/Score`;

interface ScoringClient extends Client {
  score(
    request: object,
    metadata: Metadata,
    done: (error: ServiceError | null, response: WireScoreResponse) => void,
  ): void;
}

function traced(flags = '01', more: Readonly<Record<string, string>> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries({ traceparent: `00-${TRACE}-${PARENT}-${flags}`, ...more }))
    metadata.set(name, value);
  return metadata;
}

/** A server whose work is traced, and clients; `compressed` goes by grpc-js itself, not by the quick lane. */
async function start({ settings, ...options }: ServeOptions = {}, compressed = false) {
  const collector = await collect();
  const serving = await serve({ ...options, settings: { traceEndpoint: collector.endpoint, ...settings } });
  const { grpc, http } = serving.addresses;
  const definition = loadContract()[SERVICE] as ServiceDefinition;
  const client = (
    compressed
      ? connectRaw(grpc, definition, credentials.createInsecure(), {
          'grpc.default_compression_algorithm': compressionAlgorithms.gzip,
        })
      : connectRaw(grpc, definition)
  ) as ScoringClient;
  const score = (request: object, metadata = new Metadata()): Promise<WireScoreResponse> =>
    new Promise((resolve, reject) => {
      client.score(request, metadata, (error, response) => (error ? reject(error) : resolve(response)));
    });
  return { collector, serving, score, grpc, http };
}

const namesOf = (spans: readonly CollectedSpan[]): string[] => spans.map(({ name }) => name);

describe('the trace of a call', () => {
  it.each([
    ['by the quick lane', false],
    ['by grpc-js, as its messages are compressed', true],
  ])('goes on from the caller, and has its stages below it: %s', async (_, compressed) => {
    const { collector, score } = await start({}, compressed);
    await score(records(1, 2), traced('01', { tracestate: 'vendor=kept' }));
    const [span] = await collector.find(SCORE);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, traceState: 'vendor=kept' });
    expect(span).toMatchObject({ kind: SPAN_KINDS.server, status: { code: 0 } });
    expect(span!.attributes).toEqual({
      'rpc.system.name': 'grpc',
      'rpc.method': SCORE,
      'rpc.status_code': 'OK',
      'aristarch.model.name': 'double',
      'aristarch.model.version': '20260101T000000Z',
      'aristarch.rows': 2,
    });
    const children = collector.childrenOf(span!);
    expect(namesOf(children)).toEqual(['decode', 'rows', 'queue', 'infer', 'encode']);
    for (const child of children) {
      expect(child.startTimeUnixNano).toBeGreaterThanOrEqual(span!.startTimeUnixNano);
      expect(child.endTimeUnixNano).toBeGreaterThanOrEqual(child.startTimeUnixNano);
      expect(child.endTimeUnixNano).toBeLessThanOrEqual(span!.endTimeUnixNano);
    }
    // In milliseconds: the clock of the wall, not the one that stages are timed by.
    expect(Math.abs(Number(span!.startTimeUnixNano / 1_000_000n) - Date.now())).toBeLessThan(60_000);
    expect(collector.resources[0]).toMatchObject({ 'service.name': 'aristarch', 'service.version': '0.1.0' });
  });

  it('begins with the call where the caller is in none, and is the exemplar of its time', async () => {
    const { collector, score, http } = await start({ settings: { traceServiceName: 'judge' } });
    await score(dense(1));
    const [span] = await collector.find(SCORE);
    expect(span!.parentSpanId).toBeUndefined();
    expect(collector.resources[0]).toMatchObject({ 'service.name': 'judge' });
    const headers = { accept: 'application/openmetrics-text; version=1.0.0', connection: 'close' };
    const scrape = await (await fetch(`http://${http}/metrics`, { headers })).text();
    expect(scrape).toContain(`# {trace_id="${span!.traceId}"}`);
    expect(scrape).toMatch(/^aristarch_trace_spans_total\{outcome="sent"\} 5$/m);
  });

  it('has a span for each message of a stream, and for what was read and not answered', async () => {
    const detector = createDetectorDouble();
    const { collector, grpc } = await start({ detector });
    const stream = connect(grpc).raw.scoreStream();
    const ended = new Promise((resolve) => stream.on('error', resolve));
    stream.on('data', () => undefined);
    stream.write(dense(1));
    stream.write(dense(2, 3));
    stream.write({ dense: { width: 4, values: [1, 2, 3, 4] } });
    await ended;
    const spans = await collector.find(`${SERVICE}/ScoreStream`, 3);
    const facts = spans
      .map(({ attributes }) => attributes)
      .toSorted((a, b) => Number(a['aristarch.stream.message']) - Number(b['aristarch.stream.message']));
    expect(facts.map((each) => each['rpc.status_code'])).toEqual(['OK', 'OK', 'INVALID_ARGUMENT']);
    expect(facts.map((each) => each['aristarch.rows'])).toEqual([1, 2, undefined]);
    const second = spans.find(({ attributes }) => attributes['aristarch.stream.message'] === 2)!;
    expect(namesOf(collector.childrenOf(second))).toEqual(['decode', 'queue', 'infer', 'encode']);
  });

  it('tells a refusal from a fault of the server', async () => {
    const { collector, score } = await start();
    await expect(score({})).rejects.toThrow('the request has no rows');
    const [refused] = await collector.find(SCORE);
    expect(refused!.attributes).toMatchObject({
      'rpc.status_code': 'INVALID_ARGUMENT',
      'error.type': 'INVALID_ARGUMENT',
    });
    expect(refused!.status).toEqual({ code: 0 });
    const fail = (): never => {
      throw new AristarchError('INTERNAL', 'broken');
    };
    // The first call is the self-test's.
    const broken = await start({
      detector: createDetectorDouble({ beforeScore: (call) => (call > 1 ? fail() : undefined) }),
    });
    await expect(broken.score(dense(1))).rejects.toThrow();
    const [failed] = await broken.collector.find(SCORE);
    expect(failed!.attributes).toMatchObject({ 'rpc.status_code': 'INTERNAL' });
    expect(failed!.status.code).toBe(STATUS_ERROR);
  });

  it('is there for the Open Inference Protocol, and for calls that score nothing', async () => {
    const { collector, grpc } = await start();
    const inference = connectRaw(grpc, loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition) as Client & {
      modelInfer(request: object, metadata: Metadata, done: (error: ServiceError | null) => void): void;
    };
    const rows = { name: 'rows', datatype: 'FP32', shape: [1, 5], contents: { fp32Contents: [1, 0, 1, 0, 0] } };
    await new Promise<void>((resolve, reject) => {
      inference.modelInfer({ inputs: [rows] }, traced(), (error) => (error ? reject(error) : resolve()));
    });
    const [span] = await collector.find(`${INFERENCE_SERVICE}/ModelInfer`);
    expect(span).toMatchObject({ traceId: TRACE, parentSpanId: PARENT });
    expect(namesOf(collector.childrenOf(span!))).toEqual(['decode', 'queue', 'infer', 'encode']);
    await connect(grpc).describe();
    const [described] = await collector.find(`${SERVICE}/DescribeModel`);
    expect(described!.attributes['rpc.status_code']).toBe('OK');
    const { error } = await readAll(connect(grpc).raw.sample({ count: 0 }));
    expect(error?.details).toContain('ask for at least one row');
    const [sampled] = await collector.find(`${SERVICE}/Sample`);
    expect(sampled!.attributes['rpc.status_code']).toBe('INVALID_ARGUMENT');
  });

  it('tells nothing that a caller has written, and no token', async () => {
    const [token, wrong] = ['a-secret-of-the-tests-0001', 'a-secret-of-the-tests-0009'];
    const tokens = data.path('tokens.json');
    await writeFile(tokens, JSON.stringify([{ name: 'orders', role: 'score', token }]));
    const { collector, score, serving } = await start({ settings: { tokens } });
    const secret = { country: { text: 'Ruritania' } };
    const request = { records: { records: [record(7, secret)] }, requestId: 'order-4711', model: '' };
    await score(request, traced('01', { authorization: `Bearer ${token}`, 'aristarch-key': 'customer-12' }));
    await expect(score(request, traced('01', { authorization: `Bearer ${wrong}` }))).rejects.toThrow();
    await expect(
      score({ ...request, model: 'nonesuch' }, traced('01', { authorization: `Bearer ${token}` })),
    ).rejects.toThrow();
    await serving.stop();
    const sent = collector.texts.join('\n');
    // Who has not shown who it is fills no collector.
    const spans = await collector.find(SCORE, 2);
    expect(spans.map(({ attributes }) => attributes['rpc.status_code'])).toEqual(['OK', 'NOT_FOUND']);
    for (const text of [token, wrong, 'Ruritania', 'order-4711', 'customer-12', 'nonesuch', 'orders'])
      expect(sent).not.toContain(text);
  });
});

describe('sampling', () => {
  it.each([
    ['parentbased_always_on', { traced: 1, untraced: 0, alone: 1 }],
    ['parentbased_always_off', { traced: 1, untraced: 0, alone: 0 }],
    ['parentbased_traceidratio', { traced: 1, untraced: 0, alone: 0 }],
    ['traceidratio', { traced: 0, untraced: 0, alone: 0 }],
    ['always_on', { traced: 1, untraced: 1, alone: 1 }],
    ['always_off', { traced: 0, untraced: 0, alone: 0 }],
  ])('follows the caller, or says for itself: %s', async (traceSampler, expected) => {
    const { collector, score, serving } = await start({ settings: { traceSampler, traceSamplerArg: 0 } });
    await score(dense(1), traced('01'));
    await score(dense(1, 2), traced('00'));
    await score(dense(1, 2, 3));
    await serving.stop();
    const counted = (rows: number): number =>
      collector.spans.filter(({ attributes }) => attributes['aristarch.rows'] === rows).length;
    expect({ traced: counted(1), untraced: counted(2), alone: counted(3) }).toEqual(expected);
  });
});

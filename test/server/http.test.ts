import { get as httpGet } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { get, scrape } from '../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';
import { createGate, until } from '../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();

describe('/metrics', () => {
  it('counts requests, rows, flagged rows and p-values, and names model and device', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc);
    await client.score(dense(1, 2, 9.95));
    await client.refusal({ ...dense(1), falsePositiveRate: 0.0001 });
    await client.refusal({});
    const text = await scrape(addresses.http);
    for (const line of [
      'aristarch_requests_total{transport="grpc",code="OK"} 1',
      'aristarch_requests_total{transport="grpc",code="RATE_UNSUPPORTED"} 1',
      'aristarch_requests_total{transport="grpc",code="INVALID_INPUT"} 1',
      'aristarch_requests_in_flight{transport="grpc"} 0',
      'aristarch_rows_scored_total{transport="grpc"} 3',
      'aristarch_rows_flagged_total{transport="grpc"} 1',
      'aristarch_request_rows_bucket{le="4",transport="grpc"} 1',
      'aristarch_score_duration_seconds_count{transport="grpc"} 1',
      'aristarch_p_value_bucket{le="0.005"} 0',
      'aristarch_p_value_bucket{le="0.01"} 1',
      'aristarch_p_value_bucket{le="1"} 3',
      'aristarch_model_info{name="double",version="20260101T000000Z",family="double",inference="inline"} 1',
      'aristarch_device_info{device="cpu",kind="processor",hardware="a Xeon",engine="an engine"} 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('keeps to its prefix and to base units', async () => {
    const { addresses } = await serve();
    const names = [...(await scrape(addresses.http)).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(names.length).toBeGreaterThan(15);
    for (const [, name, type] of names) {
      expect(name).toMatch(/^aristarch_/);
      expect(name).not.toMatch(/_(ms|milliseconds|kb|percent)(_|$)/);
      expect(name!.endsWith('_total')).toBe(type === 'counter');
    }
  });
});

describe('/readyz', () => {
  it('waits for the model, and then for nothing', async () => {
    const gate = createGate();
    const { log, lines } = createListeningLog();
    const starting = serve({ log, openDetector: () => gate.wait().then(() => createDetectorDouble()) });
    await until('the model is being loaded', () => gate.waiting() === 1);
    const http = String(lines().find((line) => line['http'] !== undefined)!['http']);

    const before = await get(http, '/readyz');
    expect(before.status).toBe(503);
    expect(JSON.parse(before.text)).toEqual({
      ready: false,
      checks: { model: { ok: false, reason: 'starting' }, grpc: { ok: false, reason: 'starting' } },
    });
    expect((await get(http, '/healthz')).status).toBe(200);
    expect((await get(http, '/')).status).toBe(503);

    gate.open();
    await starting;
    const after = await get(http, '/readyz');
    expect(after.status).toBe(200);
    expect(JSON.parse(after.text)).toEqual({ ready: true, checks: { model: { ok: true }, grpc: { ok: true } } });
  });

  it('turns as soon as a shutdown begins, while work in flight is finished', async () => {
    const gate = createGate();
    const detector = createDetectorDouble({ beforeScore: (call) => (call === 2 ? gate.wait() : undefined) });
    const serving = await serve({ detector });
    const scored = connect(serving.addresses.grpc).score(dense(1));
    await until('the call is being scored', () => gate.waiting() === 1);
    const stopped = serving.stop();
    const answer = await get(serving.addresses.http, '/readyz');
    expect(answer.status).toBe(503);
    expect(answer.text).toMatch(/the server is shutting down/);
    gate.open();
    await Promise.all([scored, stopped]);
    await expect(get(serving.addresses.http, '/healthz')).rejects.toThrow(/fetch failed/);
  });

  it('says why Kafka is not ready, where it is configured', async () => {
    const kafka = { kafkaBrokers: ['127.0.0.1:1'], topicIn: 'a', topicOut: 'b', deadLetter: 'c' };
    const { addresses } = await serve({ settings: kafka });
    const answer = await get(addresses.http, '/readyz');
    expect(answer.status).toBe(503);
    expect(JSON.parse(answer.text)).toMatchObject({ checks: { grpc: { ok: true }, kafka: { ok: false } } });
    expect(answer.text).toMatch(/Kafka/);
    // Callers do not wait for events.
    const calls = await get(addresses.http, '/readyz/calls');
    expect([calls.status, JSON.parse(calls.text)]).toEqual([
      200,
      { ready: true, checks: { model: { ok: true }, grpc: { ok: true } } },
    ]);
  });
});

describe('the HTTP server', () => {
  it('serves the live page', async () => {
    const { addresses } = await serve();
    const page = await get(addresses.http, '/');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.text).toMatch(/Aristarch/);
  });

  it('lets nothing from elsewhere in, on any path', async () => {
    const { addresses } = await serve();
    for (const path of ['/', '/metrics', '/readyz', '/nothing']) {
      const { headers, text } = await get(addresses.http, path);
      expect(headers.get('content-security-policy')).toMatch(/default-src '(self|none)'.*frame-ancestors 'none'/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    }
  });

  it('says what there is, where somebody asks for what is not', async () => {
    const { addresses } = await serve();
    const { status, text } = await get(addresses.http, '/metric');
    expect(status).toBe(404);
    expect(JSON.parse(text)).toMatchObject({ paths: ['/', '/metrics', '/healthz', '/readyz', '/readyz/calls'] });
  });

  it('answers no other method, and says which ones it does', async () => {
    const { addresses } = await serve();
    const answer = await get(addresses.http, '/', { method: 'POST', body: '{}' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(answer.text).toMatch(/scores are asked for over gRPC/);
  });

  it.each([
    '/assets/../../../package.json',
    '/assets/%2e%2e/%2e%2e/package.json',
    '//etc/passwd',
    '/constructor',
    '/__proto__',
    '//',
    '//x:99999/',
    'http://[',
  ])('finds nothing at %s', async (path) => {
    const { addresses } = await serve();
    expect(await rawStatus(addresses.http, path)).toBe(404);
  });

  it.each(['/healthz', '/healthz?verbose', 'http://scored.example/healthz', 'http://scored.example/'])(
    'finds %s',
    async (path) => {
      const { addresses } = await serve();
      expect(await rawStatus(addresses.http, path)).toBe(200);
    },
  );

  it('takes a scrape that is asked for as HEAD', async () => {
    const { addresses } = await serve();
    expect(await get(addresses.http, '/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });
});

/** `fetch` would tidy the path before it leaves. */
function rawStatus(address: string, path: string): Promise<number> {
  const [hostname, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const request = httpGet({ hostname, port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', reject);
  });
}

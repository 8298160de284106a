import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { createMetrics } from '../../../src/server/metrics.ts';
import { createDetectorDouble } from '../../support/detector-double.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createClientFixture, dense } from '../../support/grpc-client.ts';
import { get, scrape } from '../../support/http-client.ts';
import { needs } from '../../support/needs.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const data = useDataFolder();

const SECRET = 'a-secret-of-the-tests-0001';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const OPENMETRICS = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

/** The value of one series. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

describe('the stages of a request', () => {
  const countOf = (text: string, stage: string) =>
    valueOf(text, `aristarch_stage_duration_seconds_count{stage="${stage}"}`);

  it('are each counted once for a call, and what a call does not need is not', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc);
    const STAGES = ['decode', 'rows', 'queue', 'infer', 'explain', 'encode'];
    const read = async () => {
      const text = await scrape(addresses.http);
      return STAGES.map((stage) => countOf(text, stage) ?? 0);
    };
    const [, , selfTests, ...others] = await read();
    expect(others).toEqual([selfTests, 0, 0]);
    await client.score(dense(1, 2));
    const packed = await read();
    expect(packed).toEqual([1, 0, selfTests! + 1, selfTests! + 1, 0, 1]);
    const fields = { amount: { number: 1 }, country: { text: 'DE' }, online: { flag: true }, at: { timestampMs: 0 } };
    await client.score({ records: { records: [{ fields }] } });
    expect(await read()).toEqual([2, 1, selfTests! + 2, selfTests! + 2, 0, 2]);
  });

  it('say where the time went: an inference of 60 ms is one, and not a wait', async () => {
    const detector = createDetectorDouble({
      beforeScore: (call) => (call === 2 ? new Promise((resolve) => setTimeout(resolve, 60)) : undefined),
    });
    const { addresses } = await serve({ detector });
    await connect(addresses.grpc).score(dense(1));
    const text = await scrape(addresses.http);
    expect(valueOf(text, 'aristarch_stage_duration_seconds_sum{stage="infer"}')).toBeGreaterThan(0.055);
    expect(valueOf(text, 'aristarch_stage_duration_seconds_sum{stage="queue"}')).toBeLessThan(0.05);
  });
});

describe('the models', () => {
  it('are there with their rate, their age and the rows that p-values are counted among', async () => {
    const { addresses } = await serve({ settings: { falsePositiveRate: 0.05 } });
    const text = await scrape(addresses.http);
    const which = '{name="double",version="20260101T000000Z"}';
    expect(valueOf(text, `aristarch_model_false_positive_rate${which}`)).toBe(0.05);
    expect(valueOf(text, `aristarch_model_calibration_rows${which}`)).toBe(999);
    expect(valueOf(text, `aristarch_model_trained_timestamp_seconds${which}`)).toBe(
      Date.parse(createDetectorDouble().description.trainedAt) / 1000,
    );
    expect(text).toMatch(/^aristarch_build_info\{version="\d+\.\d+\.\d+",node="\d+\.\d+\.\d+"\} 1$/m);
  });

  it('show their scores as well as their p-values', async () => {
    const { addresses } = await serve();
    await connect(addresses.grpc).score(dense(0.5, 4.5, 9.5));
    const text = await scrape(addresses.http);
    expect(valueOf(text, 'aristarch_score_bucket{le="4"}')).toBe(1);
    expect(valueOf(text, 'aristarch_score_bucket{le="5"}')).toBe(2);
    expect(valueOf(text, 'aristarch_score_count')).toBe(3);
  });
});

describe('callers who are turned away', () => {
  it('are counted by the reason', async () => {
    const tokens = data.path('tokens.json');
    await writeFile(tokens, JSON.stringify([{ name: 'orders', role: 'score', token: SECRET }]));
    const { addresses } = await serve({ settings: { tokens, rateLimitRows: 1, adminCalls: true } });
    const client = connect(addresses.grpc, { token: SECRET });
    // A minute's worth, so that the next one comes too soon however slow the machine is.
    await client.score(dense(...Array.from({ length: 60 }, () => 1)));
    await client.refusal(dense(1));
    await connect(addresses.grpc).refusal(dense(1));
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${SECRET}`);
    const { raw } = client as unknown as {
      raw: { loadModel: (request: object, metadata: Metadata, done: () => void) => void };
    };
    await new Promise<void>((resolve) => raw.loadModel({ model: 'double' }, metadata, resolve));
    const text = await scrape(addresses.http);
    for (const reason of ['rate_limit', 'unauthenticated', 'permission_denied']) {
      expect([reason, valueOf(text, `aristarch_rejections_total{reason="${reason}"}`)]).toEqual([reason, 1]);
    }
  });
});

describe('a scrape', () => {
  it('in OpenMetrics has the trace of a request as exemplar; one in the text format after it is as before', async () => {
    const metrics = createMetrics({ traceId: () => TRACE });
    metrics.requests.inc({ transport: 'grpc', code: 'OK' });
    metrics.samples.inc({ code: 'OK' });
    metrics.scoreSeconds.observe(0.002, 'grpc', metrics.traceId());
    metrics.scoreSeconds.observe(0.7, 'grpc');
    const [plain, open, again] = await Promise.all([metrics.render(), metrics.render(OPENMETRICS), metrics.render()]);
    expect(again).toEqual(plain);
    expect(plain.contentType).toContain('text/plain');
    expect(plain.body).toContain('\naristarch_sample_requests_total{code="OK"} 1\n');
    expect(plain.body).not.toContain(TRACE);
    expect(open.contentType).toContain('application/openmetrics-text');
    expect(open.body).toContain(
      '\n# TYPE aristarch_requests counter\naristarch_requests_total{transport="grpc",code="OK"} 1\n',
    );
    expect(open.body).toContain('\naristarch_sample_requests_total{code="OK"} 1\n');
    expect(open.body).toMatch(
      new RegExp(
        `^aristarch_score_duration_seconds_bucket\\{le="0\\.0025",transport="grpc"\\} 1 # \\{trace_id="${TRACE}"\\} 0\\.002 \\d+(\\.\\d+)?$`,
        'm',
      ),
    );
    expect(open.body.match(/trace_id/g)).toHaveLength(1);
    expect(open.body.endsWith('\n# EOF\n')).toBe(true);
  });

  it('is OpenMetrics over HTTP where the scraper accepts it', async () => {
    const { addresses } = await serve();
    const answer = await fetch(`http://${addresses.http}/metrics`, { headers: { accept: OPENMETRICS } });
    await answer.text();
    expect(answer.headers.get('content-type')).toContain('application/openmetrics-text');
    expect((await get(addresses.http, '/metrics')).headers.get('content-type')).toContain('text/plain');
  });
});

needs('prometheus').describe("Prometheus' own check of metrics", () => {
  const check = (text: string): string =>
    execFileSync('promtool', ['check', 'metrics'], { input: text, stdio: 'pipe' }).toString();

  it('has nothing to remark on a scrape, the metrics of the process included', async () => {
    const metrics = createMetrics({ process: true });
    metrics.requests.inc({ transport: 'grpc', code: 'OK' });
    metrics.scoreSeconds.observe(0.002, 'grpc');
    metrics.kafka.consumerLag.set({ topic: 'events', partition: '0' }, 3);
    metrics.kafka.commits.inc({ topic: 'events', partition: 0 });
    metrics.stages.observe('infer', 1);
    const { body } = await metrics.render();
    expect(body).toContain('aristarch_nodejs_active_handles{');
    expect(check(body)).toBe('');
  });

  it('would remark on a gauge that is named like a counter', () => {
    const poor = '# HELP aristarch_x_total Some.\n# TYPE aristarch_x_total gauge\naristarch_x_total 1\n';
    expect(() => check(poor)).toThrow(/non-counter metrics should not have "_total" suffix/);
  });
});

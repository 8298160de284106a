import { describe, expect, it } from '@jest/globals';
import { SERVICE } from '../../../src/server/grpc/contract.ts';
import { createClientFixture, dense } from '../../support/grpc-client.ts';
import { scrape } from '../../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { createCollectorFixture } from '../../support/trace-collector.ts';
import { until } from '../../support/until.ts';

const serve = createServeFixture();
const collect = createCollectorFixture();
const connect = createClientFixture();

const dropped = async (http: string): Promise<number> =>
  Number(/^aristarch_trace_spans_total\{outcome="failed"\} (\d+)$/m.exec(await scrape(http))?.[1] ?? 0);

describe('spans', () => {
  it('of calls right before a shutdown are sent before it ends', async () => {
    const collector = await collect();
    const serving = await serve({ settings: { traceEndpoint: collector.endpoint } });
    const client = connect(serving.addresses.grpc);
    for (let call = 0; call < 300; call++) await client.score(dense(call));
    await serving.stop();
    expect(collector.spans.filter(({ name }) => name === `${SERVICE}/Score`)).toHaveLength(300);
    expect(collector.spans.filter(({ name }) => name === 'infer')).toHaveLength(300);
  });

  it.each([
    ['is not there', undefined],
    ['hangs', 'hang'],
    ['refuses them', 503],
  ] as const)(
    'cost nobody an answer where the collector %s: they are counted, and told of once',
    async (_, answers) => {
      const collector = answers === undefined ? undefined : await collect({ answers });
      const { log, lines } = createListeningLog();
      const traceEndpoint = collector?.endpoint ?? 'http://127.0.0.1:1';
      const serving = await serve({ log, settings: { traceEndpoint, drainTimeoutMs: 1000 } });
      const client = connect(serving.addresses.grpc);
      const score = () => client.score(dense(1), { deadline: Date.now() + 2000 });
      await score();
      await until('the first spans are given up', async () => (await dropped(serving.addresses.http)) === 5);
      for (let call = 0; call < 20; call++) await score();
      await until('the next are', async () => (await dropped(serving.addresses.http)) === 105);
      const told = lines().filter(({ msg }) => /spans of traces were dropped/.test(String(msg)));
      expect(told).toEqual([expect.objectContaining({ endpoint: traceEndpoint, spans: 5, level: 40 })]);
      const startedMs = performance.now();
      await score();
      await serving.stop();
      expect(performance.now() - startedMs).toBeLessThan(3000);
    },
  );

  it('that wait are bounded: what is more is dropped, and counted', async () => {
    const collector = await collect({ answers: 'hang' });
    const serving = await serve({ settings: { traceEndpoint: collector.endpoint, drainTimeoutMs: 5000 } });
    const stream = connect(serving.addresses.grpc).raw.scoreStream();
    let answered = 0;
    stream.on('data', () => answered++).on('error', () => undefined);
    const messages = 3000;
    for (let message = 0; message < messages; message++) stream.write(dense(message));
    await until('all are scored', () => answered === messages, 20_000);
    stream.end();
    const text = await scrape(serving.addresses.http);
    const full = Number(/^aristarch_trace_spans_total\{outcome="queue_full"\} (\d+)$/m.exec(text)?.[1]);
    const failed = Number(/^aristarch_trace_spans_total\{outcome="failed"\} (\d+)$/m.exec(text)?.[1] ?? 0);
    expect(full).toBeGreaterThan(0);
    expect(full + failed).toBeGreaterThanOrEqual(5 * messages - 8192);
    expect(full + failed).toBeLessThanOrEqual(5 * messages);
  });
});

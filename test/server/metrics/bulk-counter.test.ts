import { describe, expect, it } from '@jest/globals';
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { BulkCounter } from '../../../src/server/metrics/bulk-counter.ts';

describe('a bulk counter', () => {
  it('scrapes like a counter and a gauge of prom-client', async () => {
    const [ours, theirs] = [new Registry(), new Registry()];
    const labelNames = ['transport', 'code'] as const;
    const total = { name: 'x_total', help: 'Calls.', labelNames };
    const now = { name: 'x_now', help: 'Calls now.', labelNames };
    const counters = [new BulkCounter(total), new Counter({ ...total, registers: [theirs] })];
    const gauges = [new BulkCounter({ ...now, type: 'gauge' }), new Gauge({ ...now, registers: [theirs] })];
    for (const each of [counters[0], gauges[0]]) ours.registerMetric(each as unknown as Metric);
    for (const metric of [...counters, ...gauges]) {
      metric.inc({ transport: 'grpc', code: 'OK' });
      metric.inc({ transport: 'kafka', code: 'a "quoted" \\ one' }, 3);
      metric.inc({ transport: 'grpc', code: 'OK' }, 0.5);
    }
    for (const gauge of gauges as (Gauge | BulkCounter<'transport' | 'code'>)[])
      gauge.dec({ transport: 'grpc', code: 'OK' });
    const text = await ours.metrics();
    expect(text).toBe(await theirs.metrics());
    expect(text).toContain('x_now{transport="grpc",code="OK"} 0.5');
  });
});

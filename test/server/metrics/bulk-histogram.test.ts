import { describe, expect, it } from '@jest/globals';
import { Histogram, type Metric, Registry } from 'prom-client';
import { BulkHistogram } from '../../../src/server/metrics/bulk-histogram.ts';

const NAMES = { name: 'aristarch_x', help: 'Some values.', buckets: [0.01, 0.1, 0.5, 1] };

describe('a histogram of batches', () => {
  it("is scraped as prom-client's own is, value by value", async () => {
    const [one, many] = [new Registry(), new Registry()];
    const single = new Histogram({ ...NAMES, registers: [one] });
    const bulk = new BulkHistogram(NAMES);
    many.registerMetric(bulk as unknown as Metric);
    const values = Float64Array.from({ length: 500 }, (_, i) => ((i * 37) % 101) / 90).map((x, i) =>
      i % 50 ? x : NAMES.buckets[i % 4]!,
    );
    for (const value of values) single.observe(value);
    bulk.observeAll(values.subarray(0, 200));
    bulk.observeAll(values.subarray(200));
    expect(await many.metrics()).toBe(await one.metrics());
    expect(await many.metrics()).toMatch(/aristarch_x_bucket\{le="\+Inf"\} 500/);
  });
});

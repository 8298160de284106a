import { describe, expect, it } from '@jest/globals';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createMetrics, createPrimaryMetrics } from '../../../src/server/metrics.ts';
import type { WorkerProcess } from '../../../src/server/workers/fork.ts';
import { createMergedMetrics } from '../../../src/server/workers/merged-metrics.ts';
import { createProcess } from './worker-double.ts';

const OPEN_METRICS = 'application/openmetrics-text';

describe('metrics of several workers', () => {
  it('add up to those of one, gauges as each of them says, and keep what a lost worker had counted', async () => {
    const workers = [1, 2].map((number) => {
      const metrics = createMetrics();
      metrics.requests.inc({ transport: 'grpc', code: 'OK' }, number);
      metrics.scoreSeconds.observe(0.001 * number, 'grpc', `trace-${number}`);
      metrics.workers.running.set(1);
      metrics.models.open.set(3);
      metrics.kafka.consumerUp.set({ topic: 'in' }, number - 1);
      metrics.requestsInFlight.inc({ transport: 'grpc' });
      return createProcess((name) => (name === 'snapshot' ? metrics.snapshot() : undefined));
    });
    let serving = workers;
    const primary = createPrimaryMetrics(SYSTEM_CLOCK);
    const merged = createMergedMetrics(primary, () => serving);
    const { body } = await merged.render();
    for (const line of [
      'aristarch_requests_total{transport="grpc",code="OK"} 3',
      'aristarch_score_duration_seconds_bucket{le="0.001",transport="grpc"} 1',
      'aristarch_score_duration_seconds_count{transport="grpc"} 2',
      'aristarch_requests_in_flight{transport="grpc"} 2',
      'aristarch_workers 2',
      'aristarch_models_open 3',
      'aristarch_kafka_consumer_up{topic="in"} 1',
      'aristarch_drift_alarm 0',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    expect(body).toMatch(/^aristarch_build_info\{.*\} 1$/m);
    const open = await merged.render(OPEN_METRICS);
    expect(open.contentType).toMatch(OPEN_METRICS);
    expect(open.body).toMatch(
      /aristarch_score_duration_seconds_bucket\{le="0.001",transport="grpc"\} 1 # \{trace_id="trace-1"\} 0.001 /,
    );
    expect(open.body).toMatch(/le="0.0025",transport="grpc"\} 2 # \{trace_id="trace-2"\} 0.002 /);

    serving = [workers[1]!];
    merged.lost(workers[0]!);
    for (let scrape = 0; scrape < 2; scrape++) {
      const { body: after } = await merged.render();
      expect(after).toContain('aristarch_requests_total{transport="grpc",code="OK"} 3\n');
      expect(after).toContain('aristarch_score_duration_seconds_count{transport="grpc"} 2\n');
      expect(after).toContain('aristarch_requests_in_flight{transport="grpc"} 1\n');
      expect(after).toContain('aristarch_workers 1\n');
    }
  });
});

describe('metrics of workers that are lost during scrapes', () => {
  const total = async (merged: { render(): Promise<{ body: string }> }): Promise<number> => {
    const { body } = await merged.render();
    return Number(/^aristarch_requests_total\{.*\} (\d+)$/m.exec(body)?.[1]);
  };

  /** Workers that have answered so many requests each, and say so once `gate` lets them. */
  function createWorkers(requests: readonly number[], gate: (place: number) => Promise<unknown>) {
    const workers = requests.map((count, place) => {
      const metrics = createMetrics();
      metrics.requests.inc({ transport: 'grpc', code: 'OK' }, count);
      return createProcess(async () => {
        await gate(place);
        return metrics.snapshot();
      });
    });
    let serving: readonly WorkerProcess[] = workers;
    const merged = createMergedMetrics(createPrimaryMetrics(SYSTEM_CLOCK), () => serving);
    const lose = (place: number): void => {
      serving = serving.filter((worker) => worker !== workers[place]);
      merged.lost(workers[place]!);
    };
    return { merged, lose };
  }

  it('count each of them once: one that has answered ends while another is still asked', async () => {
    let [gate, asked]: [Promise<unknown>, () => void] = [Promise.resolve(), () => undefined];
    const { merged, lose } = createWorkers([100, 10], (place) => {
      if (place === 0) return Promise.resolve();
      asked();
      return gate;
    });
    expect(await total(merged)).toBe(110);
    let open = (): void => undefined;
    gate = new Promise<void>((resolve) => (open = resolve));
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    const scrape = total(merged);
    await isAsked;
    // The first has answered by then.
    await new Promise((resolve) => setImmediate(resolve));
    lose(0);
    open();
    expect(await scrape).toBe(110);
    expect(await total(merged)).toBe(110);
  });

  it('forget none of them, whenever it is lost while scrapes run at once', async () => {
    for (let turns = 0; turns < 60; turns += 6) {
      const { merged, lose } = createWorkers([1000, 100, 10, 1], () => Promise.resolve());
      expect(await total(merged)).toBe(1111);
      lose(0);
      lose(1);
      const scrapes = [total(merged), total(merged)];
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      lose(2);
      expect(await Promise.all(scrapes)).toEqual([1111, 1111]);
      expect(await total(merged)).toBe(1111);
    }
  });
});

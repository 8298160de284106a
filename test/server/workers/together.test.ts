import { describe, expect, it } from '@jest/globals';
import { createMetrics, createPrimaryMetrics } from '../../../src/server/metrics.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { createMergedMetrics } from '../../../src/server/workers/merged-metrics.ts';
import { MergedScores } from '../../../src/server/workers/merged-scores.ts';
import { Reports } from '../../../src/server/workers/reports.ts';
import { createSpreader } from '../../../src/server/workers/spread.ts';
import type { WorkerProcess } from '../../../src/server/workers/fork.ts';
import type { ModelChange } from '../../../src/server/workers/contract.ts';
import { toWorkerConfig } from '../../../src/server/workers/worker-config.ts';
import { resolveServeConfig } from '../../../src/server/config.ts';
import type { RecentPoint, RecentScore } from '../../../src/server/recent-scores.ts';

const OPEN_METRICS = 'application/openmetrics-text';

function createProcess(answer: (name: string, argument: unknown) => unknown): WorkerProcess {
  const ask = async (name: string, argument: unknown) => (await answer(name, argument)) as never;
  const nothing = () => undefined;
  return {
    pid: 1,
    channel: { ask },
    awake: Promise.resolve(),
    ended: new Promise(nothing),
    release: nothing,
    kill: nothing,
  };
}

describe('what workers have told of themselves', () => {
  it('is gone with them, also where it arrives after their end', () => {
    const reports = new Reports(new MergedScores(), SYSTEM_CLOCK);
    const [lost, other] = [reports.open(), reports.open()];
    const waiting = { kafka: { ok: false, reason: 'connecting' } };
    reports.take(lost, { checks: waiting });
    reports.take(other, { checks: { kafka: { ok: true } } });
    expect(reports.checks()).toEqual(waiting);
    reports.close(lost);
    reports.take(lost, { checks: waiting });
    expect(reports.checks()).toEqual({ kafka: { ok: true } });
  });
});

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
      'aristarch_kafka_consumer_up{topic="in"} 0',
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

describe('scores of several workers', () => {
  const point = (sequence: number, score = 0, atMs = 1000): RecentPoint => ({
    ...{ sequence, atMs, transport: 'grpc', score, pValue: 0.5, anomalous: false },
  });
  const worstOf = (sequence: number, score: number): RecentScore => ({ ...point(sequence, score), record: { score } });

  it('are numbered one after the other, each row once, and the worst are those of all', () => {
    const scores = new MergedScores();
    const heard: number[] = [];
    scores.subscribe((points, { rows }) => heard.push(points.length, rows));
    scores.take(1, { totals: { rows: 2, flagged: 1 }, points: [point(1), point(2)], worst: [worstOf(2, 9)] });
    scores.take(2, { totals: { rows: 3, flagged: 0 }, points: [point(1), point(3)], worst: [worstOf(3, 7)] });
    scores.take(1, { totals: { rows: 4, flagged: 1 }, points: [point(4)], worst: [worstOf(2, 9), worstOf(4, 8)] });
    const { totals, latest, worst } = scores.snapshot(2000);
    expect(totals).toEqual({ rows: 7, flagged: 1 });
    expect(latest.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5, 7]);
    expect(worst.map(({ sequence, score }) => [sequence, score])).toEqual([
      [2, 9],
      [7, 8],
      [5, 7],
    ]);
    expect(heard).toEqual([2, 2, 2, 5, 1, 7]);
  });

  it('of a worker that has ended are kept as long as they are of late', () => {
    const scores = new MergedScores();
    scores.take(1, { totals: { rows: 1, flagged: 0 }, points: [point(1)], worst: [worstOf(1, 9)] });
    expect(scores.forget(1, 2000)).toBe(false);
    expect(scores.snapshot(2000).worst).toHaveLength(1);
    expect(scores.forget(1, 3_600_000)).toBe(true);
    expect(scores.snapshot(3_600_000)).toMatchObject({ totals: { rows: 1 }, worst: [] });
  });
});

describe('a change of models by a call to one worker', () => {
  it('is made by the others, one change after the other, and one who cannot follow is told of', async () => {
    const made: string[] = [];
    const worker = (name: string, fault?: Error) =>
      createProcess((_, change) => {
        made.push(`${name} ${JSON.stringify(change)}`);
        if (fault !== undefined) throw fault;
      });
    const [a, b] = [worker('a'), worker('b')];
    const { spread, ...spreader } = createSpreader(() => [a, b]);
    expect(spreader.unloaded).toEqual([]);
    const unload: ModelChange = { unload: 'fans' };
    await Promise.all([spread(unload, a), spread({ load: { model: 'pumps', version: undefined } }, b)]);
    expect(made).toEqual(['b {"unload":"fans"}', 'a {"load":{"model":"pumps"}}']);
    const failing = createSpreader(() => [a, worker('c', new Error('no memory'))]);
    await expect(failing.spread(unload, a)).rejects.toThrow(
      /1 of 2 workers did not follow, the others did: no memory; ask again/,
    );
    expect(failing.unloaded).toEqual(['fans']);
    await failing.spread({ load: { model: 'fans', version: undefined } }, a).catch(() => undefined);
    expect(failing.unloaded).toEqual([]);
  });
});

describe('the configuration of a worker', () => {
  it('has a share of the probability of false alarms of drift, and a file of its own for trials', () => {
    const file = { model: 'm', workers: 4, driftAlarmProbability: 0.01, candidateLog: 'log/trial.ndjson' };
    const config = resolveServeConfig({ flags: {}, env: {}, file }, 4);
    expect(toWorkerConfig(config, 3)).toMatchObject({
      driftAlarmProbability: 0.0025,
      candidateLog: 'log/trial.worker-3.ndjson',
    });
  });

  it.each([
    [0, /workers .* cannot be 0 \(a whole number from 1 to 256 is needed\)/],
    ['two', /workers .* cannot be "two"/],
    [
      9,
      /--workers 9 on 4 cores: more workers than cores are not faster, and each holds the models once more; give 4, and 8 at most/,
    ],
  ])('is refused with %s workers', (workers, message) => {
    expect(() => resolveServeConfig({ flags: {}, env: {}, file: { model: 'm', workers } }, 4)).toThrow(message);
  });
});

import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { AristarchError } from '../../../src/base/errors.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { MergedScores } from '../../../src/server/workers/merged-scores.ts';
import { Reports } from '../../../src/server/workers/reports.ts';
import { createSpreader } from '../../../src/server/workers/spread.ts';
import type { ChangeOrder, Pulse, WorstPulse } from '../../../src/server/workers/contract.ts';
import { allJoined } from '../../../src/server/workers/joined.ts';
import { killAtExit } from '../../../src/server/workers/kill-at-exit.ts';
import { startPulse } from '../../../src/server/workers/pulse.ts';
import { toWorkerConfig } from '../../../src/server/workers/worker-config.ts';
import { resolveServeConfig } from '../../../src/server/config.ts';
import { type RecentPoint, type RecentScore, RecentScores } from '../../../src/server/recent-scores.ts';
import { createProcess } from './worker-double.ts';

const SILENT = pino({ level: 'silent' });

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

describe('scores of several workers', () => {
  const point = (sequence: number, score = 0, atMs = 1000): RecentPoint => ({
    ...{ sequence, atMs, transport: 'grpc', score, pValue: 0.5, anomalous: false },
  });
  const worst = (sequences: number[], ...added: [sequence: number, score: number][]): WorstPulse => ({
    sequences,
    added: added.map(([sequence, score]): RecentScore => ({ ...point(sequence, score), record: { score } })),
  });

  it('are numbered one after the other, each row once, and the worst are those of all', () => {
    const scores = new MergedScores();
    const heard: number[] = [];
    scores.subscribe((points, { rows }) => heard.push(points.length, rows));
    scores.take(1, { totals: { rows: 2, flagged: 1 }, points: [point(1), point(2)], worst: worst([2], [2, 9]) });
    scores.take(2, { totals: { rows: 3, flagged: 0 }, points: [point(1), point(3)], worst: worst([3], [3, 7]) });
    scores.take(1, { totals: { rows: 4, flagged: 1 }, points: [point(4)], worst: worst([2, 4], [4, 8]) });
    const { totals, latest, worst: shown } = scores.snapshot(2000);
    expect(totals).toEqual({ rows: 7, flagged: 1 });
    expect(latest.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 5, 7]);
    expect(shown.map(({ sequence, score }) => [sequence, score])).toEqual([
      [2, 9],
      [7, 8],
      [5, 7],
    ]);
    expect(heard).toEqual([2, 2, 2, 5, 1, 7]);
  });

  it('are told of by a worker each once, however long they are among the worst', () => {
    const recent = new RecentScores();
    const pulses: Pulse[] = [];
    const publish = (...scores: number[]) =>
      recent.publish({
        ...{ transport: 'grpc', atMs: 1000, recordAt: (row) => ({ row }) },
        batch: {
          scores: Float32Array.from(scores),
          pValues: new Float64Array(scores.length),
          verdicts: new Uint8Array(scores.length),
          ...{ threshold: 10, falsePositiveRate: 0.1 },
        },
      });
    publish(1, 2);
    const parts = { checks: () => ({}), drift: () => undefined, models: () => ({ models: [], more: 0 }) };
    const stop = startPulse({ ...parts, recent, wallMs: () => 1000, send: (pulse) => pulses.push(pulse) });
    publish(3);
    stop();
    const told = pulses.map(({ scores }) => [scores?.worst?.sequences, scores?.worst?.added.map(({ score }) => score)]);
    expect(told).toEqual([
      [
        [2, 1],
        [2, 1],
      ],
      [[3, 2, 1], [3]],
    ]);
  });

  it('of a worker that has ended are kept as long as they are of late', () => {
    const scores = new MergedScores();
    scores.take(1, { totals: { rows: 1, flagged: 0 }, points: [point(1)], worst: worst([1], [1, 9]) });
    expect(scores.forget(1, 2000)).toBe(false);
    expect(scores.snapshot(2000).worst).toHaveLength(1);
    expect(scores.forget(1, 3_600_000)).toBe(true);
    expect(scores.snapshot(3_600_000)).toMatchObject({ totals: { rows: 1 }, worst: [] });
  });
});

describe('a change of models by a call to one worker', () => {
  const unload: ChangeOrder = { change: { unload: '' } };
  const load: ChangeOrder = { change: { load: { model: 'fans', version: undefined } }, ticket: 4 };

  /** A worker that notes what it is told, and does it after a turn; it answers that the model is fans. */
  function createFollower(name: string, made: string[], act: () => unknown = () => undefined) {
    const worker = createProcess(async (_, order) => {
      await act();
      made.push(`${name} ${JSON.stringify(order)}`);
      return 'fans';
    });
    let killed = false;
    return {
      ...worker,
      kill: () => {
        killed = true;
      },
      isKilled: () => killed,
    };
  }

  it('is made by all in one order, first by the one whose caller asks, however many ask at once', async () => {
    const made: string[] = [];
    const [a, b] = [createFollower('a', made), createFollower('b', made)];
    const { spread, ...spreader } = createSpreader({ running: () => [a, b], log: SILENT });
    expect(spreader.unloaded).toEqual([]);
    await Promise.all([spread(unload, a), spread(load, b)]);
    expect(made).toEqual([
      'a {"change":{"unload":""}}',
      'b {"change":{"unload":"fans"}}',
      'b {"change":{"load":{"model":"fans"}},"ticket":4}',
      'a {"change":{"load":{"model":"fans"}}}',
    ]);
    expect(spreader.unloaded).toEqual([]);
  });

  it('that the first cannot make is made by nobody; one of the others that cannot follow is told of', async () => {
    const made: string[] = [];
    const fail = () => Promise.reject(new Error('no memory'));
    const [a, b] = [createFollower('a', made), createFollower('b', made, fail)];
    const failing = createSpreader({ running: () => [a, b], log: SILENT });
    await expect(failing.spread(unload, b)).rejects.toThrow('no memory');
    expect([made, failing.unloaded]).toEqual([[], []]);
    const message = /1 of 2 workers did not follow, the others did: no memory; ask again/;
    await expect(failing.spread(unload, a)).rejects.toThrow(message);
    expect(failing.unloaded).toEqual(['fans']);
  });

  it('that hangs in one of them is waited for as long as the limit; then that one is ended, and the next change is made', async () => {
    const made: string[] = [];
    const [a, b] = [createFollower('a', made), createFollower('b', made, () => new Promise(() => undefined))];
    const running = () => [a, b].filter((worker) => !worker.isKilled());
    const { spread } = createSpreader({ running, log: SILENT, limitMs: 50 });
    await Promise.all([spread(unload, a), spread(load, a)]);
    expect(b.isKilled()).toBe(true);
    expect(made).toHaveLength(2);
  });
});

describe('workers that join a group', () => {
  it('are waited for as often as one is lost and replaced, until all have', async () => {
    const lost = createProcess(() => Promise.reject(new AristarchError('UNAVAILABLE', 'the other process has ended')));
    const [one, other] = [createProcess(() => undefined), createProcess(() => undefined)];
    const crews = [[one, lost], [one], [one, other]];
    let look = 0;
    const crew = {
      get serving() {
        return crews[look++]!;
      },
    };
    await allJoined(2, crew, { stopping: false });
    expect(look).toBe(3);
    const stops = allJoined(2, { serving: [one, lost] }, { stopping: true });
    await expect(stops).rejects.toThrow('the service stops before');
  });
});

describe('the process that workers work for', () => {
  it('takes them with it, by one listener however many there are', () => {
    const ends = new EventEmitter();
    let killed = 0;
    const kill = (): void => {
      killed++;
    };
    const workers = Array.from({ length: 20 }, () => ({ kill }));
    const forget = killAtExit(() => workers, ends);
    expect(ends.listenerCount('exit')).toBe(1);
    ends.emit('exit');
    expect(killed).toBe(20);
    forget();
    expect(ends.listenerCount('exit')).toBe(0);
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

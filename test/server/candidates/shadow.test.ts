import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { scrape } from '../../support/http-client.ts';
import { tinyRow } from '../../support/model-folder.ts';
import { until } from '../../support/until.ts';
import { createFolder, machines, named, onTrial, record, serveTrial } from './trial.ts';

describe('a shadow', () => {
  it('scores what the other answered; scores of both are counted and written, and only one is told', async () => {
    const folder = await createFolder();
    const path = join(folder.path, '.scores.ndjson');
    const { client, compared, serving } = await serveTrial({
      candidate: { version: '2', shadow: 1, key: 'machine' },
      settings: { candidateLog: path },
    });
    for (const machine of machines) {
      expect(await client.score(named(record(machine, 5)))).toMatchObject({
        modelVersion: '1',
        results: [{ score: 5 }],
      });
    }
    await until('all were compared', async () => (await compared()) === machines.length, 60_000);
    const text = await scrape(serving.addresses.http);
    // Calibrated by 0, 0.1, ..., 9.8: 5 is normal at 5 %, and 10 is not.
    expect(text).toContain('rows_compared_total{model="pumps",serving="normal",candidate="flagged"} 40');
    expect(text).toContain('aristarch_candidate_score_sum{model="pumps"} 400');
    expect(text).toContain('aristarch_candidate_serving_score_sum{model="pumps"} 200');
    expect(text).toContain('aristarch_candidate_p_value_count{model="pumps"} 40');
    expect(text).toContain('aristarch_candidate_serving_p_value_bucket{le="0.5",model="pumps"} 40');
    expect(text).toMatch(/^aristarch_rows_scored_total\{transport="grpc"\} 41$/m);
    let lines: string[] = [];
    await until('all were written', async () => {
      lines = (await readFile(path, 'utf8')).trim().split('\n');
      return lines.length === machines.length;
    });
    expect(JSON.parse(lines[0]!)).toMatchObject({
      ...{ answeredBy: 'serving', key: 'm0' },
      serving: { model: 'pumps', version: '1', score: 5, anomalous: false },
      candidate: { model: 'pumps', version: '2', score: 10, anomalous: true },
    });
  });

  it('counts among the figures of callers neither its waits, nor its inferences, nor what it is refused', async () => {
    const { client, compared, serving } = await serveTrial({ candidate: { version: '2', shadow: 1 } });
    const seen = async (name: string): Promise<number> => {
      const line = (await scrape(serving.addresses.http))
        .split('\n')
        .find((each) => each.startsWith(`aristarch_${name} `));
      return Number(line?.split(' ').at(-1) ?? 0);
    };
    const [waits, inferences, trials] = ['queue', 'infer', 'trial'].map(
      (stage) => `stage_duration_seconds_count{stage="${stage}"}`,
    );
    const all = async () => [await seen(waits!), await seen(inferences!), await seen('batch_rows_count')];
    const before = await all();
    for (let call = 0; call < 10; call++) await client.score(tinyRow(4));
    await until('all were compared', async () => (await compared()) === 10, 60_000);
    expect((await all()).map((count, at) => count - before[at]!)).toEqual([10, 10, 10]);
    expect(await seen(trials!)).toBeGreaterThan(0);
  });

  it('takes its share by the key', async () => {
    const { client, compared } = await serveTrial({ candidate: { version: '2', shadow: 0.4, key: 'machine' } });
    await client.score(named(...machines.map((machine) => record(machine))));
    const expected = machines.filter((machine) => onTrial(machine, 0.4)).length;
    await until('the share was compared', async () => (await compared()) === expected, 60_000);
  });

  it('that crashes changes no answer', async () => {
    const crash = (): never => {
      throw new Error('the shadow crashes');
    };
    const { client, count } = await serveTrial({ candidate: { version: '2', shadow: 1 }, before: crash });
    for (let call = 0; call < 20; call++) {
      expect(await client.score(tinyRow(4))).toMatchObject({ modelVersion: '1', results: [{ score: 4 }] });
    }
    await until('all have failed', async () => (await count('failures_total', ',code="INTERNAL"')) > 0, 60_000);
  });

  it('that never ends holds up nobody: answers go on, what waits is bounded, and the server stops', async () => {
    const { client, count, serving } = await serveTrial({
      candidate: { version: '2', shadow: 1 },
      before: () => new Promise(() => undefined),
      settings: { candidateQueueRows: 50, drainTimeoutMs: 500 },
    });
    for (let call = 0; call < 200; call++) {
      expect(await client.score(tinyRow(4))).toMatchObject({ modelVersion: '1', results: [{ score: 4 }] });
    }
    expect(await count('rows_shed_total')).toBeGreaterThanOrEqual(140);
    await serving.stop();
  });

  it('that blocks the process takes its share of the time at most', async () => {
    let [blockedMs, rows] = [0, 0];
    const block = (): void => {
      const startedMs = performance.now();
      while (performance.now() - startedMs < 20);
      blockedMs += performance.now() - startedMs;
      rows++;
    };
    const settings = { candidateTimeShare: 0.1 };
    const { client } = await serveTrial({ candidate: { version: '2', shadow: 1 }, before: block, settings });
    const startedMs = performance.now();
    while (rows < 8) await client.score(tinyRow(4));
    // The last of them may have its rest still before it.
    expect(blockedMs - blockedMs / rows).toBeLessThanOrEqual(0.1 * (performance.now() - startedMs) + 20);
  });
});

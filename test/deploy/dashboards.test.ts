import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Ajv from 'ajv';
import { buildDashboards } from '../../deploy/dashboards/index.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { needs } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  addCopy,
  callsOf,
  eventsOf,
  startTraffic,
  startWatchedService,
  type Sender,
  type WatchedService,
  writeServingFile,
} from '../support/watched-service.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy/helm/aristarch/files/dashboards');
const built = buildDashboards();

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const panelsOf = (text: string): readonly Panel[] => (JSON.parse(text) as { panels: Panel[] }).panels;

describe('the dashboards in the chart', () => {
  it('are what `npm run dashboards` writes', () => {
    const written = readdirSync(FOLDER).map((file) => [file, readFileSync(join(FOLDER, file), 'utf8')]);
    expect(Object.fromEntries(written)).toEqual(built);
  });

  const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'grafana-dashboard.schema.json'), 'utf8')) as object;
  const validate = new Ajv.default({ strict: false, allErrors: true }).compile(schema);

  it.each(Object.keys(built))("%s fits Grafana's own schema, and says of each panel what it is for", (file) => {
    validate(JSON.parse(built[file]!));
    expect(validate.errors ?? []).toEqual([]);
    const panels = panelsOf(built[file]!).filter(({ type }) => type !== 'row');
    expect(panels.filter(({ description = '' }) => description.length < 10)).toEqual([]);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  it('show each metric of the service; of those of Node and of the operating system, some', () => {
    const shown = new Set(Object.values(built).flatMap((text) => text.match(/aristarch_\w+/g) ?? []));
    const isShown = (name: string): boolean =>
      [name, ...['_bucket', '_sum', '_count'].map((part) => `${name}${part}`)].some((series) => shown.has(series));
    const names = createMetrics({ process: true })
      .registry.getMetricsAsArray()
      .map(({ name }) => name);
    expect(names.filter((name) => !/_(nodejs|process)_/.test(name) && !isShown(name))).toEqual([]);
    expect(isShown('aristarch_no_such_metric')).toBe(false);
  });

  it('would not fit where a panel has a width in words', () => {
    const broken = JSON.parse(built['kafka.json']!) as { panels: { gridPos: object }[] };
    Object.assign(broken.panels[1]!.gridPos, { w: 'wide' });
    expect(validate(broken)).toBe(false);
  });
});

/** As Grafana fills them in for all processes and a window that holds some scrapes. */
function fillVariables(expression: string): string {
  const values: Readonly<Record<string, string>> = {
    namespace: '.*',
    job: '.*',
    instance: '.*',
    __rate_interval: '10s',
  };
  return expression.replaceAll(/\$\{?(\w+)\}?/g, (text, name: string) => values[name] ?? text);
}

/** An event that is none, now and then; and now and then more calls at once than the queue takes. */
const poison: (service: WatchedService) => Sender = ({ client, topics }) => {
  return (round) => (round % 5 === 0 ? client.produce(topics.events, [{ value: 'no event' }]) : Promise.resolve());
};

needs('prometheus').describe('the table of open models', () => {
  const data = useDataFolder();

  it('counts a process once, also where its workers compute a model in different places', () => {
    const table = panelsOf(built['overview.json']!).find(({ title }) => title === 'Open models');
    const series = [
      { instance: 'a', inference: 'inline' },
      { instance: 'a', inference: 'split' },
      { instance: 'b', inference: 'split' },
    ].map(({ instance, inference }) => ({
      series: `aristarch_model_info{namespace="scores",job="aristarch",instance="${instance}",name="pumps",version="1",family="wgan-gp",inference="${inference}"}`,
      values: '1x5',
    }));
    const labels = '{name="pumps",version="1",family="wgan-gp"}';
    const asked = {
      expr: fillVariables(table!.targets![0]!.expr),
      eval_time: '4m',
      exp_samples: [{ labels, value: 2 }],
    };
    const tests = [{ interval: '1m', input_series: series, promql_expr_test: [asked] }];
    writeFileSync(data.path('case.yaml'), JSON.stringify({ tests }));
    expect(execFileSync('promtool', ['test', 'rules', data.path('case.yaml')]).toString()).toContain('SUCCESS');
  });
});

needs('prometheus', 'broker').describe('each panel, with a real service under load', () => {
  const connect = createClientFixture();
  let service: WatchedService | undefined;
  beforeAll(async () => {
    service = await startWatchedService();
    await putOnTrial(service);
  }, 300_000);
  const open = (): WatchedService => service!;
  afterAll(async () => {
    await service?.[Symbol.asyncDispose]();
  });

  it('shows data', async () => {
    const client = connect(open().serve.addresses.grpc);
    const { slots } = await client.describe();
    const burst: Sender = (round) =>
      round % 10 === 0
        ? Promise.allSettled(Array.from({ length: 20 }, () => client.score(packed(1000, slots.length))))
        : Promise.resolve();
    const traffic = startTraffic(
      callsOf(client),
      callsOf(client, { explainTopK: 2 }),
      eventsOf(open()),
      poison(open()),
      burst,
    );
    const empty = new Map<string, string>();
    try {
      await waitUntil('data in every panel', () => findEmpty(empty), 240_000).catch(() => undefined);
    } finally {
      await traffic.stop();
    }
    expect(Object.fromEntries(empty)).toEqual({});
  }, 400_000);

  /** Leaves in `empty` the panels without data, and what they ask; true where there are none. */
  async function findEmpty(empty: Map<string, string>): Promise<boolean> {
    empty.clear();
    for (const [file, text] of Object.entries(built)) {
      for (const { title, targets = [] } of panelsOf(text)) {
        for (const { expr } of targets) {
          const samples = await open().prometheus.query(fillVariables(expr));
          if (!samples.some(({ value }) => Number.isFinite(value))) empty.set(`${file}: ${title}`, expr);
        }
      }
    }
    return empty.size === 0;
  }

  it('would show none for a metric that there is not', async () => {
    expect(await open().prometheus.query('aristarch_no_such_metric')).toEqual([]);
    await expect(open().prometheus.query('sum(')).rejects.toThrow(/parse error/);
  });
});

/** The same model once more, for half of the calls, and beside the others. */
async function putOnTrial(service: WatchedService): Promise<void> {
  await addCopy(service, 'orders/2');
  const rules = { version: '1', candidate: { version: '2', canary: 0.5, shadow: 1 } };
  await writeServingFile(service, JSON.stringify(rules));
}

/** So many packed rows. */
function packed(rows: number, width: number) {
  return { dense: { width, values: Array.from({ length: width * rows }, (_, index) => index % 2) } };
}

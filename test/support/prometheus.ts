import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findFreePorts } from './kafka-broker.ts';
import { cutLeash, spawnLeashed } from './leash.ts';
import { waitUntil } from './wait-until.ts';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus that scrapes twice a second unless told otherwise: `needs('prometheus')`. */
export interface Prometheus extends AsyncDisposable {
  /** What an expression answers now; throws what Prometheus says against it. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Trace ids of the exemplars of a metric's series, of the last minutes. */
  exemplars(expression: string): Promise<readonly string[]>;
  /** Names of the alerts that fire now. */
  firing(): Promise<readonly string[]>;
  /** Scrapes these besides, host:port each, from a moment later on; in the place of those that it was told before. */
  scrapeAlso(targets: readonly string[]): Promise<void>;
}

export interface PrometheusOptions {
  /** host:port of each process that is scraped. */
  readonly targets: readonly string[];
  /** Text of a file of rules. */
  readonly rules?: string;
  /** Time between two scrapes, and the longest that one may take; rules are evaluated as often. */
  readonly scrapeMs?: number;
}

/** File of further targets, which Prometheus watches. */
const MORE = 'more.json';

export async function startPrometheus({ targets, rules, scrapeMs = 500 }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-prometheus-'));
  const [port] = await findFreePorts();
  const every = `${scrapeMs}ms`;
  // JSON is YAML.
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    scrape_configs: [{ job_name: 'aristarch', static_configs: [{ targets }], file_sd_configs: [{ files: [MORE] }] }],
    ...(rules !== undefined && { rule_files: ['rules.yaml'] }),
  };
  await writeFile(join(folder, 'prometheus.yaml'), JSON.stringify(config));
  if (rules !== undefined) await writeFile(join(folder, 'rules.yaml'), rules);
  const command = [
    ...[
      'prometheus',
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
    ],
    ...[`--web.listen-address=127.0.0.1:${port}`, '--enable-feature=exemplar-storage', '--log.level=error'],
  ];
  const child = spawnLeashed(command, { output: 'ignore' });
  const close = async (): Promise<void> => {
    await cutLeash(child);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntil(
      'Prometheus to be ready',
      () =>
        fetch(`${url}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      60_000,
    );
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return {
    scrapeAlso: async (more) => {
      const draft = join(folder, 'more.tmp');
      await writeFile(draft, JSON.stringify([{ targets: more }]));
      await rename(draft, join(folder, MORE));
    },
    query: async (expression) => RESULT.parse(await ask(url, 'query', { query: expression })).result.map(toSample),
    exemplars: async (expression) => {
      const now = Date.now() / 1000;
      const range = { query: expression, start: String(now - 600), end: String(now + 10) };
      const series = EXEMPLARS.parse(await ask(url, 'query_exemplars', range));
      return series.flatMap(({ exemplars }) => exemplars.flatMap(({ labels }) => labels['trace_id'] ?? []));
    },
    firing: async () => {
      const { alerts } = ALERTS.parse(await ask(url, 'alerts', {}));
      return alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels['alertname']!);
    },
    [Symbol.asyncDispose]: close,
  };
}

const labels = z.record(z.string(), z.string());
const RESULT = z.object({
  result: z.array(z.object({ metric: labels, value: z.tuple([z.number(), z.string()]) })),
});
const EXEMPLARS = z.array(z.object({ exemplars: z.array(z.object({ labels })) }));
const ALERTS = z.object({ alerts: z.array(z.object({ labels, state: z.string() })) });

function toSample({ metric, value }: z.infer<typeof RESULT>['result'][number]): Sample {
  return { metric, value: Number(value[1]) };
}

async function ask(url: string, what: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
  const answer = await fetch(`${url}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`);
  const { status, data, error } = (await answer.json()) as { status: string; data: unknown; error?: string };
  if (status !== 'success') throw new Error(`Prometheus on ${JSON.stringify(parameters)}: ${error}`);
  return data;
}

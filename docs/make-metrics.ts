/** Writes docs/metrics.md from the metrics as they are made: `npm run docs:metrics` */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { createMetrics } from '../src/server/metrics.ts';

const PATH = join(import.meta.dirname, 'metrics.md');

/** What every metric object has, prom-client's own and those of `src/server/`. */
interface MetricObject {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames?: readonly string[];
  readonly buckets?: readonly number[];
  readonly upperBounds?: readonly number[];
}

/** Chapters, what is looked at first first; each metric is in one, by its name. */
const CHAPTERS: readonly { readonly title: string; readonly pattern: RegExp }[] = [
  { title: 'Requests and their stages', pattern: /^(requests?|calls|score_duration|stage|batch|queue|rejections)_/ },
  { title: 'Scores', pattern: /^(score$|p_value$|rows_(scored|flagged)_)/ },
  { title: 'Models', pattern: /^(model|models|device)_/ },
  { title: 'Versions on trial', pattern: /^candidate_/ },
  { title: 'Drift', pattern: /^drift_/ },
  { title: 'Kafka', pattern: /^kafka_/ },
  { title: 'Made-up rows', pattern: /^(sample|samples|rows_sampled)_/ },
  { title: 'Traces', pattern: /^trace_/ },
  { title: 'The process', pattern: /^(workers$|(build|start|process|worker|inference|nodejs)_)/ },
];

const INTRODUCTION = `# Metrics

Made from the code by \`npm run docs:metrics\`. \`/metrics\` on the HTTP port answers in Prometheus' text format, and in OpenMetrics
to scrapers that accept it, which Prometheus does: then the buckets of \`aristarch_score_duration_seconds\` carry the trace of a request
as an exemplar, where it has one. What to look at first, and how to get from nothing to a dashboard: [observability.md](observability.md).

No label holds a value that a sender sends. Series of a topic are there from the start, at 0; those of an error code appear with the first such error.
`;

export async function describeMetrics(): Promise<string> {
  const { registry } = createMetrics({ process: true });
  const metrics = registry.getMetricsAsArray() as unknown as readonly MetricObject[];
  const isIn = ({ name }: MetricObject, pattern: RegExp): boolean => pattern.test(name.replace('aristarch_', ''));
  const homeless = metrics.filter((metric) => CHAPTERS.filter(({ pattern }) => isIn(metric, pattern)).length !== 1);
  if (homeless.length > 0) {
    throw new Error(
      `docs/make-metrics.ts needs one chapter for each of ${homeless.map(({ name }) => name).join(', ')}`,
    );
  }
  const chapters = CHAPTERS.map(({ title, pattern }) =>
    describeChapter(
      title,
      metrics.filter((metric) => isIn(metric, pattern)),
    ),
  );
  const options = await resolveConfig(PATH);
  return format([INTRODUCTION, ...chapters].join('\n'), { ...options, parser: 'markdown' });
}

function describeChapter(title: string, metrics: readonly MetricObject[]): string {
  const rows = metrics.map(({ name, type, labelNames = [], help }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labels} | ${help} |`;
  });
  const buckets = metrics.flatMap(({ name, buckets: own, upperBounds }) => {
    const bounds = own ?? upperBounds;
    return bounds === undefined ? [] : [`Buckets of \`${name}\`: ${bounds.join(', ')}.\n`];
  });
  return [
    `## ${title}\n`,
    '| metric | type | labels | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    ...buckets,
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) await writeFile(PATH, await describeMetrics());

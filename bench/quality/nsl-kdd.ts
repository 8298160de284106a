import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { markdownTable, percent, writeDocument } from '../support/documents.ts';
import { meanOf } from './summary.ts';

const rankingSchema = z.object({ auroc: z.number(), averagePrecision: z.number() });
/** What `npm run check:nsl-kdd -- SEED...` leaves behind: `evaluate --json`, with the peers that were there. */
const evaluationSchema = rankingSchema.extend({
  peers: z.record(z.string(), z.union([rankingSchema.extend({ treatment: z.string() }), z.object({}).loose()])),
});
const resultSchema = z.array(evaluationSchema.extend({ seed: z.number() }));

const EVALUATIONS = resolve(import.meta.dirname, '../../.cache/nsl-kdd');

/** Keeps the evaluations of these seeds beside the other results. */
export async function collectNslKdd(seeds: readonly number[]): Promise<void> {
  const results = await Promise.all(
    seeds.map(async (seed) => {
      const text = await readFile(resolve(EVALUATIONS, `evaluation-${seed}.json`), 'utf8');
      return { seed, ...evaluationSchema.parse(JSON.parse(text)) };
    }),
  );
  await writeDocument('quality/nsl-kdd.json', JSON.stringify(results));
}

/** The part of docs/quality.md on mixed and drifting columns. */
export function describeNslKdd(result: unknown): string {
  const evaluations = resultSchema.parse(result);
  const cells = ({ auroc, averagePrecision }: z.infer<typeof rankingSchema>) => [
    percent(auroc),
    percent(averagePrecision),
  ];
  const peers = Object.entries(evaluations[0]?.peers ?? {}).flatMap(([name, peer]) => {
    const figures = rankingSchema.extend({ treatment: z.string() }).safeParse(peer);
    return figures.success ? [[`${name}, ${figures.data.treatment}, one seed`, ...cells(figures.data)]] : [];
  });
  const mean = {
    auroc: meanOf(evaluations.map(({ auroc }) => auroc)),
    averagePrecision: meanOf(evaluations.map(({ averagePrecision }) => averagePrecision)),
  };
  const rows = [
    ...evaluations.map((evaluation) => [`Aristarch, seed ${evaluation.seed}`, ...cells(evaluation)]),
    ['**Aristarch, mean**', ...cells(mean)],
    ...peers,
  ];
  return `## Mixed columns that drift: NSL-KDD

Network connections with 3 categories and 38 numbers; 13,449 normal rows to train with, 22,544 test rows that were recorded later and with
attacks that training never saw. The same default, by \`train\` and \`evaluate\` (80 % of the normal rows train, the others calibrate); the peers
have all training rows, and the better of two treatments of the columns (chosen by the test rows, a favour that the model is not done).
\`npm run check:nsl-kdd -- 0 1 2\`

${markdownTable(['method', 'AUROC', 'AP'], rows)}

That the WGAN-GP member has half of the Fourier features in tables with categories follows from earlier measurements on this very set
(a smoother critic is better under drift), so these figures are not those of a set that nobody had looked at.`;
}

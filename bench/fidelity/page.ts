import { z } from 'zod';
import { markdownTable, percent, readResult, writeDocument } from '../support/documents.ts';
import { drawUtility } from './chart.ts';
import { figuresSchema, METHODS, type Figures, type Method } from './measure.ts';
import { FIDELITY_SETS, TUNING_SETS } from './sets.ts';

const RESULT = 'quality/fidelity.json';

export const LABELS: { readonly [M in Method]: string } = {
  real: 'real, held out',
  aristarch: 'Aristarch',
  plain: 'Aristarch, `--no-marginals`',
  independent: 'independent columns',
  ctgan: 'CTGAN',
};

/** Keeps what was measured beside the page. */
export async function writeFidelityResult(measured: readonly Figures[]): Promise<void> {
  await writeDocument(RESULT, JSON.stringify(measured.map(rounded)));
}

/** Writes docs/fidelity.md and its picture from what was measured last. */
export async function writeFidelityPage(): Promise<void> {
  const all = z.array(figuresSchema).parse(await readResult(RESULT));
  await writeDocument('images/fidelity-utility.svg', drawUtility(all));
  const sets = FIDELITY_SETS.filter(({ name }) => all.some(({ set }) => set === name));
  const parts = [
    introduction(all),
    ...sets.map(({ name, summary }) =>
      describeSet(
        name,
        summary,
        all.filter(({ set }) => set === name),
      ),
    ),
    ending(all),
  ];
  await writeDocument('fidelity.md', `${parts.join('\n\n')}\n`);
}

function rounded(figures: Figures): Figures {
  const entries = Object.entries(figures).map(([key, value]) => {
    return [key, typeof value === 'number' ? Number(value.toFixed(5)) : value] as const;
  });
  return figuresSchema.parse(Object.fromEntries(entries));
}

function introduction(all: readonly Figures[]): string {
  return `# How near made-up rows come to real ones

Written by \`npm run bench:fidelity -- --write\`; do not edit. A generator learns from two thirds of a set, label and all, and makes up as many
rows; the last third is held out. ${all[0] ? `Seeds ${[...new Set(all.map(({ seed }) => seed))].join(', ')}, each with a split of its own; means, and in brackets the least and the greatest.` : ''}
No setting was chosen on these sets: that was done on ${TUNING_SETS.map(({ name, summary }) => `${name} (${summary})`).join('; ')}. The
page has other connections of NSL-KDD: those of its test file, attacks and all.

![AUROC on real rows of a boosted model that learnt from real, and from made-up rows](images/fidelity-utility.svg)

What the columns say:

- **numbers**, **categories**: how far a column's spread is from the training rows', mean over the columns of the kind: the largest distance of the
  distribution functions (Kolmogorov and Smirnov; a missing value is the smallest), total variation for levels. 0 is the same.
- **together**: mean difference of the strength with which pairs of columns go together (Spearman's correlation, Cramér's V, the correlation ratio
  for mixed pairs). 0 is the same.
- **logistic**, **boosting**: AUROC on the held-out real rows of a model that learnt to tell the label from these rows (scikit-learn's logistic
  regression and gradient boosting). In the first line the model learnt from the real training rows: what to hold the others against.
- **nearest**: median distance (Gower's) of a row to the nearest training row. That of the first line is what real rows have: much less speaks of
  copying, much more of rows as no real ones are.
- **closer**: share of the rows that are nearer (Gower's distance) to a training row than the closest twentieth of held-out rows is. 5 % is what
  real rows have; much more speaks of copying. **copies**: rows that are a training row again, value by value.

The first line of each table has the held-out real rows. It is no bound for _numbers_, _categories_ and _together_: all are compared with the
training rows, from which held-out rows differ by the chance of the split, while ours get the quantiles and the shares of levels of these very
rows; so ours can be nearer to them than other real rows are. _Independent columns_ are the training rows with each column shuffled by itself, the label,
too: every spread is right, and nothing goes together. There is nothing to learn from them: their AUROC is 0.5 by construction, on
average, and single runs swing widely about it by chance. CTGAN (Xu et al. 2019) is the package
\`ctgan\` with its defaults (300 epochs); it is under the Business Source License, no part of this project, and measured on fewer seeds, for it takes
minutes.

Times are processor time of training and sampling, of a generator alone: for Aristarch of its own critic and generator, without the members, folds
and calibration that \`train\` has by default.`;
}

/** The mean, and the range where there are more seeds than one. */
function spread(values: readonly number[], show: (value: number) => string): string {
  const mean = show(values.reduce((sum, value) => sum + value, 0) / values.length);
  return values.length < 2 ? mean : `${mean} (${show(Math.min(...values))}–${show(Math.max(...values))})`;
}

function describeSet(name: string, summary: string, own: readonly Figures[]): string {
  const [first] = own;
  const hasCategories = first?.categories !== null;
  const rows = METHODS.flatMap((method) => {
    const runs = own.filter((run) => run.method === method);
    if (runs.length === 0) return [];
    const of = (read: (run: Figures) => number | null, show: (value: number) => string): string =>
      spread(
        runs.flatMap((run) => read(run) ?? []),
        show,
      );
    const three = (value: number): string => value.toFixed(3);
    const four = (value: number): string => value.toFixed(4);
    const share = (value: number): string => `${percent(value, 1)} %`;
    return [
      [
        method === 'ctgan'
          ? `${LABELS[method]} (${runs.length === 1 ? 'one seed' : `${runs.length} seeds`})`
          : LABELS[method],
        of((run) => run.numbers, three),
        ...(hasCategories ? [of((run) => run.categories, three)] : []),
        of((run) => run.associations, three),
        of((run) => run.logistic, three),
        of((run) => run.boosting, three),
        of((run) => run.nearest, four),
        of((run) => run.closer, share),
        of((run) => run.copies, share),
        runs[0]!.seconds === null
          ? ''
          : of(
              (run) => run.seconds,
              (value) => `${value.toFixed(0)} s`,
            ),
      ],
    ];
  });
  const header = ['rows', 'numbers', ...(hasCategories ? ['categories'] : []), 'together', 'logistic', 'boosting'];
  const table = markdownTable([...header, 'nearest', 'closer', 'copies', 'time'], rows);
  return `## ${name}\n\n${summary}; ${first?.rows ?? 0} training rows.\n\n${table}`;
}

function ending(all: readonly Figures[]): string {
  const worst = all
    .filter(({ method }) => method === 'aristarch')
    .toSorted((a, b) => b.worst.distance - a.worst.distance)[0];
  return `## What it is good for, and what not

- Spreads are right because the last step of training sets them (docs/decisions/0017), not because a network of a few hundred updates had
  learnt them; the column that is farthest off is \`${worst?.worst.column}\` of ${worst?.set}, by ${worst?.worst.distance.toFixed(3)}. The line \`--no-marginals\` is the network alone.
- How columns go together is learnt in seconds, and it shows: where a model learns markedly less from made-up rows than from real ones, made-up rows are for trying things out
  (schemas, dashboards, load), not for training.
- How far ours are from training rows, over how far held-out rows are (_nearest_): ${farther(all)}. Many times
  as far says that most of ours are unlike any real row.
- _closer_ and _copies_ look for copying; they prove no privacy. The file holds up to 128 quantiles of each column of the training rows, their least and greatest values among them.`;
}

/** How many times as far from the nearest training row made-up rows are as held-out ones, set by set; medians, mean over the seeds. */
function farther(all: readonly Figures[]): string {
  const sets = [...new Set(all.map(({ set }) => set))];
  return sets
    .map((set) => {
      const total = (method: Method): number =>
        all.filter((run) => run.set === set && run.method === method).reduce((sum, { nearest }) => sum + nearest, 0);
      return `${set} ${(total('aristarch') / total('real')).toFixed(1)} times`;
    })
    .join(', ');
}

import { describeScale } from '../scale/page.ts';
import { markdownTable, percent, readResult, writeDocument } from '../support/documents.ts';
import { TUNING_SETS } from '../support/open-sets.ts';
import { ABLATIONS } from './ablations.ts';
import { drawMethods, drawSets } from './charts.ts';
import { describeNslKdd } from './nsl-kdd.ts';
import { overallsOf, rankingsOf, resultSchema, type Overalls, type QualityResult } from './result.ts';
import { meanOf, overallOf, overallSpread, summariseSets, type Overall } from './summary.ts';
import { whySoFar } from './weak-spots.ts';

const OURS = '**Aristarch, default**';
/** The peer that sets are compared with one by one. */
const RIVAL = 'KNN';
/** Further under the rival than this wants an explanation; AUROC. */
const FAR = 0.1;

/** Writes docs/quality.md and its pictures from all results that are there; parts without a result are left out. */
export async function writeQualityPage(): Promise<void> {
  const read = async (name: string): Promise<QualityResult | undefined> => {
    const found = await readResult(`quality/${name}.json`);
    return found === undefined ? undefined : resultSchema.parse(found);
  };
  const [split, published] = [await read('split'), await read('published')];
  const ablations = await Promise.all(Object.keys(ABLATIONS).map((name) => read(`split-${name}`)));
  const [nslKdd, scale] = [await readResult('quality/nsl-kdd.json'), await readResult('quality/scale.json')];
  const parts = [
    INTRODUCTION,
    ...(split ? [await describeSplit(split), await describeSets(split)] : []),
    ...(split
      ? [
          describeAblations(
            split,
            ablations.filter((result) => result !== undefined),
          ),
        ]
      : []),
    ...(published ? [describePublished(published)] : []),
    ...(nslKdd === undefined ? [] : [describeNslKdd(nslKdd)]),
    ...(scale === undefined ? [] : [await describeScale(scale)]),
  ];
  await writeDocument('quality.md', `${parts.join('\n\n')}\n`);
}

const INTRODUCTION = `# Quality

How well scores put anomalies above normal rows, beside what a user would pick instead. All figures were measured by \`npm run bench:quality\`,
which writes this page and the JSON files in \`docs/quality/\`; the data sets (ADBench's tables and its MVTec image features, all
labelled) are not part of the project. Figures are percent: AUROC, and average precision (AP).

- Training sees normal rows only. Nothing is fitted or chosen on test rows, and the settings are the same for every set.
- The recipe was chosen on twelve of the sets (marked \`t\` below); on the others the candidates were only run and reported.
- Means are over sets of means over seeds; ± is the sample standard deviation over seeds. A small set moves by several points from
  seed to seed, so means over sets and seeds are what to judge by.`;

async function describeSplit(result: QualityResult): Promise<string> {
  const methods = methodsOf(result);
  const ours = overallsOf(result.measurements);
  const points = [
    { method: 'Aristarch', auroc: ours.all.auroc, isOurs: true },
    ...methods.map(({ method, overalls }) => ({ method, auroc: overalls.all.auroc, isOurs: false })),
  ];
  await writeDocument('images/quality-methods.svg', drawMethods(points));
  const tuned = summariseSets(result.measurements).filter(({ set }) => TUNING_SETS.has(set));
  const others = summariseSets(result.measurements).filter(({ set }) => !TUNING_SETS.has(set));
  const rows = [
    [OURS, 'here', ...overallCells(ours)],
    ...methods.map(({ method, origin, overalls }) => [method, origin, ...overallCells(overalls)]),
  ];
  const families = Object.entries(ours.families).map(([name, { sets }]) => `${name}, ${sets}`);
  return `## Beside what a user would pick instead

At most 20,000 rows, shuffled by numpy's \`RandomState(seed).permutation\`; half of the normal rows train, the other half and all anomalies test;
seeds ${result.seeds.join(', ')}. ${explainOrigins(result)}

${markdownTable(['method', 'measured', `all ${ours.all.sets} sets`, ...families], rows)}

![Mean AUROC of each method](images/quality-methods.svg)

The twelve sets that the recipe was chosen on: ${showOverall(overallOf(tuned))}; the ${others.length} others: ${showOverall(overallOf(others))}.
From seed to seed the mean over all sets moves little: ${showSpread(overallSpread(result.measurements))}.

Some peers are poor here for reasons of their own. Quoted variants mend them one by one: \`_minmax\` is trained on data scaled to
[0, 1], \`_flipped\` has the score's sign turned, \`_eval\` has ALAD's dropout off while scoring, \`_nonconst\` leaves columns out that are constant,
for which PCA gives NaN. SO_GAAL on scaled data ranks the wrong way round. A variant belongs to a quoted original; the originals "here" are
other runs, and near chance as they are.${describePartial(result)}`;
}

/** Peers that failed on some sets, and so stand in no mean. */
function describePartial({ peers, quoted, measurements }: QualityResult): string {
  const sets = new Set(measurements.map(({ set }) => set)).size;
  const counts = new Map<string, number>();
  const measured = new Set(peers?.figures.map(({ method }) => method));
  const others = (quoted?.figures ?? []).filter(({ method }) => !measured.has(method));
  for (const { method } of [...(peers?.figures ?? []), ...others]) counts.set(method, (counts.get(method) ?? 0) + 1);
  const partial = [...counts].filter(([, count]) => count < sets);
  if (partial.length === 0) return '';
  const list = partial.map(([method, count]) => `${method} (${count} of ${sets})`).join(', ');
  return ` Left out of the table, since it gave finite scores on some of the sets only: ${list}.`;
}

function explainOrigins({ peers, quoted }: QualityResult): string {
  const here =
    peers === null
      ? []
      : [
          `"here": ${peers.library} with their defaults, on the same rows, run by the bench (the GANs with the first seed only).`,
        ];
  const others = quoted === null ? [] : [`"quoted": ${quoted.source}.`];
  return [...here, ...others].join(' ');
}

interface Method {
  readonly method: string;
  readonly origin: string;
  readonly overalls: Overalls;
}

/** Peers on all of the sets, the best first; measured ones go before quoted ones of the same name. */
function methodsOf({ peers, quoted, measurements }: QualityResult): Method[] {
  const sets = new Set(measurements.map(({ set }) => set)).size;
  const measured = peers?.figures ?? [];
  const known = new Set(measured.map(({ method }) => method));
  const others = (quoted?.figures ?? []).filter(({ method }) => !known.has(method));
  const from = (figures: typeof measured, origin: string): Method[] =>
    [...new Set(figures.map(({ method }) => method))].map((method) => ({
      ...{ method, origin },
      overalls: overallsOf(rankingsOf(figures, method)),
    }));
  return [...from(measured, 'here'), ...from(others, 'quoted')]
    .filter(({ overalls }) => overalls.all.sets === sets)
    .sort((a, b) => b.overalls.all.auroc - a.overalls.all.auroc);
}

function showSpread({ auroc, averagePrecision }: ReturnType<typeof overallSpread>): string {
  return [auroc, averagePrecision].map(({ mean, deviation }) => `${percent(mean)} ± ${percent(deviation)}`).join(' / ');
}

function overallCells({ all, families }: Overalls): string[] {
  return [all, ...Object.values(families)].map(showOverall);
}

function showOverall({ auroc, averagePrecision }: Overall): string {
  return Number.isNaN(averagePrecision) ? percent(auroc) : `${percent(auroc)} / ${percent(averagePrecision)}`;
}

async function describeSets({ measurements, peers, quoted }: QualityResult): Promise<string> {
  const figures = [...(peers?.figures ?? []), ...(quoted?.figures ?? [])];
  const far: string[] = [];
  const points: { set: string; ours: number; peer: number }[] = [];
  const rows = summariseSets(measurements).map(({ set, auroc, averagePrecision }) => {
    const ofSet = measurements.filter((measurement) => measurement.set === set);
    const rival = figures.find((figure) => figure.set === set && figure.method === RIVAL);
    const difference = rival ? auroc.mean - rival.auroc : NaN;
    if (rival) points.push({ set, ours: auroc.mean, peer: rival.auroc });
    if (difference < -FAR) far.push(`- ${set}, ${percent(-difference, 1)} points under ${RIVAL}: ${whySoFar(set)}`);
    const { trainRows, columns } = ofSet[0]!;
    return [
      `${set}${TUNING_SETS.has(set) ? ' `t`' : ''}`,
      ...[String(trainRows), String(columns)],
      ...[auroc, averagePrecision].map(({ mean, deviation }) => `${percent(mean)} ± ${percent(deviation, 1)}`),
      rival ? `${percent(rival.auroc)} / ${percent(rival.averagePrecision ?? NaN)}` : '',
      rival ? `${difference > 0 ? '+' : ''}${percent(difference, 1)}` : '',
      meanOf(ofSet.map(({ trainSeconds }) => trainSeconds)).toFixed(1),
    ];
  });
  const header = [
    'set',
    'training rows',
    'columns',
    'AUROC',
    'AP',
    `${RIVAL}, AUROC / AP`,
    'difference',
    'training, CPU s',
  ];
  await writeDocument('images/quality-sets.svg', drawSets(points, RIVAL));
  const remark = far.length === 0 ? `No set is more than ${percent(FAR, 0)} points under ${RIVAL}.` : far.join('\n');
  return `## Set by set

Columns that are constant in the training rows are left out, as \`train\` does. Training time is that of the critics that score, on
one core, without calibration; ${RIVAL} is the mean distance to the 5 nearest training rows.

${markdownTable(header, rows)}

![AUROC of each set beside ${RIVAL}](images/quality-sets.svg)

${remark}`;
}

function describeAblations(split: QualityResult, results: readonly QualityResult[]): string {
  if (results.length === 0) return '';
  const rows = results.map(({ ablation, measurements, seeds }) => {
    const same = split.measurements.filter((ours) =>
      measurements.some(({ set, seed }) => set === ours.set && seed === ours.seed),
    );
    const sets = summariseSets(measurements);
    const summary = Object.entries(ABLATIONS).find(([name]) => name === ablation)?.[1].summary ?? '';
    return [
      `\`${ablation}\`: ${summary}`,
      `${sets.length} sets, seeds ${seeds.join(', ')}`,
      showOverall(overallOf(sets)),
      showOverall(overallOf(summariseSets(same))),
    ];
  });
  return `## Ablations

Each is \`npm run bench:quality -- --ablation NAME\`. The last column is the default on the same sets and seeds.

${markdownTable(['variant', 'measured on', 'AUROC / AP', 'default'], rows)}`;
}

function describePublished(whole: QualityResult): string {
  const result = onQuotedSets(whole);
  const methods = methodsOf(result);
  if (methods.length === 0) throw new Error('no quoted method covers the sets of the published protocol');
  const ours = overallsOf(result.measurements);
  const others = whole.measurements.filter(({ set }) => !result.measurements.some((each) => each.set === set));
  const rows = [
    [OURS, percent(ours.all.auroc)],
    ...methods.map(({ method, overalls }) => [method, percent(overalls.all.auroc)]),
  ];
  return `## The published protocol

As ${result.quoted?.source ?? 'in the literature'}: the file's order; sets of fewer than 1,000 rows drawn with replacement to 1,000 *before* the
split, so that test rows may have been trained on; at most 50,000 rows; half of the normal rows train. ${ours.all.sets} sets, seeds
${result.seeds.join(', ')}; the others' figures are quoted, over the same sets. It is the literature's yardstick; the split above is the honest one.

${markdownTable(['method', 'mean AUROC'], rows)}${describeUnquoted(others)}`;
}

/** The part that the quoted figures cover, so that means are over the same sets. */
function onQuotedSets(result: QualityResult): QualityResult {
  const quoted = new Set(result.quoted?.figures.map(({ set }) => set));
  return { ...result, measurements: result.measurements.filter(({ set }) => quoted.has(set)) };
}

function describeUnquoted(measurements: QualityResult['measurements']): string {
  if (measurements.length === 0) return '';
  const { all } = overallsOf(measurements);
  return `

On ${all.sets} further sets nobody's figures are quoted; by the same protocol they have ${percent(all.auroc)}. All of them are below 1,000 rows,
so that many of their test rows were trained on: this figure says little.`;
}

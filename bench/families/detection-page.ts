import type { Measurement } from '../quality/measure-set.ts';
import { rankingsOf } from '../quality/result.ts';
import { overallOf, overallSpread, summariseSets, type SetSummary } from '../quality/summary.ts';
import { markdownTable, percent } from '../support/documents.ts';
import { BESIDE, DETECTION_SETS, readBeside } from './detection.ts';
import type { FamiliesResult } from './result.ts';

/** The part of docs/families.md on detection. */
export async function describeDetection(results: FamiliesResult['detection']): Promise<string> {
  const beside = await readBeside();
  const peerRows = BESIDE.map((method) => {
    const ofMethod = beside.peers.filter((figure) => figure.method === method);
    const cells = DETECTION_SETS.map((set) => {
      const figure = ofMethod.find((each) => each.set === set);
      return figure ? `${percent(figure.auroc, 1)} / ${percent(figure.averagePrecision ?? NaN, 1)}` : '';
    });
    const { auroc, averagePrecision } = overallOf(summariseSets(rankingsOf(beside.peers, method)));
    return [method, '', ...cells, `${percent(auroc, 1)} / ${percent(averagePrecision, 1)}`];
  });
  const ours = [
    ...results.map((each) => ({ ...each, title: `\`${each.title}\`` })),
    { title: '`wgan-gp`, the default of `train`', negatives: true, measurements: beside.measurements },
  ];
  const rows = ours.map(({ title, negatives, measurements }) => [
    title,
    negatives ? 'yes' : 'no',
    ...DETECTION_SETS.map((set) => cell(measurements, set)),
    overall(measurements),
  ]);
  const header = ['critic', 'off-support negatives', ...DETECTION_SETS, 'mean'];
  return `## As detectors

AUROC / average precision on six labelled sets (cardio, satellite and thyroid are among those that the recipe was chosen on), in the split of
[quality.md](quality.md), seeds 0, 1, 2: means, ± the sample standard deviation over seeds. Without off-support negatives a row is scored by the
family's own critic, which was trained against its generator with the family's defaults: 1,000 updates of the critic, and for \`wgan\` and \`wgan-gp\`, with
five of them for each of the generator, 200 of the generator (\`gan\`: 1,000). The papers' runs have tens of thousands and more, so
that these three rows do not judge the papers. With negatives a row is scored by the members named. The
default of \`train\` has two, logistic and wasserstein, and the row of \`wgan-gp\` is this pair: its member wasserstein alone is not in the table. The last three rows are those of quality.md, on the same
rows; KNN and IForest are scikit-learn's.

${markdownTable(header, [...rows, ...peerRows])}

Printed as measured. A critic that was trained against its generator alone need not say anything about rows that neither the data nor the
generator come near ([decision 0007](decisions/0007-off-support-negatives-and-a-small-ensemble.md)).`;
}

function cell(measurements: readonly Measurement[], set: string): string {
  const [summary] = summariseSets(measurements.filter((each) => each.set === set));
  return summary ? show(summary) : '';
}

function show({ auroc, averagePrecision }: Pick<SetSummary, 'auroc' | 'averagePrecision'>): string {
  return [auroc, averagePrecision]
    .map(({ mean, deviation }) => `${percent(mean, 1)} ± ${percent(deviation, 1)}`)
    .join(' / ');
}

/** The mean over the sets, and its spread from seed to seed. */
function overall(measurements: readonly Measurement[]): string {
  const { auroc, averagePrecision } = overallOf(summariseSets(measurements));
  const spread = overallSpread(measurements);
  return show({
    auroc: { mean: auroc, deviation: spread.auroc.deviation },
    averagePrecision: { mean: averagePrecision, deviation: spread.averagePrecision.deviation },
  });
}

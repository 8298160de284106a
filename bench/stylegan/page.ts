import { z } from 'zod';
import { markdownTable, percent } from '../support/documents.ts';
import { qualitySchema } from './measure.ts';

/** What the run on all digits gave. */
export const qualityRunSchema = z.object({
  rows: z.array(qualitySchema.extend({ title: z.string() })),
  /** Of the classifier, on images that it was not trained on. */
  accuracy: z.number(),
  /** Folder of the model. */
  model: z.string(),
  seen: z.number(),
  seconds: z.number(),
});
export type QualityRun = z.infer<typeof qualityRunSchema>;

/** AUROC of the other digits, by the StyleGAN's own critic and by the detecting critic. */
export const detectionSchema = z.object({
  digit: z.number(),
  tested: z.number(),
  ownAuroc: z.number(),
  auroc: z.number(),
});
export type Detection = z.infer<typeof detectionSchema>;

export interface StylePage extends Omit<QualityRun, 'model'> {
  readonly machine: string;
  /** What the command was given. */
  readonly flags: string;
  readonly size: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Null where no detection was measured. */
  readonly detection: Detection | null;
}

/** What should hold of a run of an hour, at the end of this shorter one. */
const BARS = { share: 0.1, coverage: 0.5 } as const;

type Row = QualityRun['rows'][number];

function describeBars(untrained: Row, trained: Row, dcgan: Row): string {
  const verdict = (isMet: boolean): string => (isMet ? '**met**' : '**MISSED**');
  const most = BARS.share * untrained.frechet;
  return [
    `- the last distance is ${trained.frechet.toFixed(1)}, the bar a tenth of the untrained generator's, ${most.toFixed(1)}: ${verdict(trained.frechet <= most)}`,
    `- the last coverage is ${trained.coverage.toFixed(2)}, the bar ${BARS.coverage}: ${verdict(trained.coverage >= BARS.coverage)}`,
    `- the DCGAN's distance is ${dcgan.frechet.toFixed(1)}, and the last one should be no greater: ${verdict(trained.frechet <= dcgan.frechet)}`,
    ...(trained.recall < BARS.share ? ['- recall is low: the generator makes few kinds of images'] : []),
  ].join('\n');
}

/** What the bars are said of. */
const LENGTH = { size: 32, seconds: 2 * 3600 } as const;

function describeLength(size: number, seconds: number): string {
  if (size >= LENGTH.size && seconds >= 0.95 * LENGTH.seconds) return '';
  return `The bars below are
meant for ${LENGTH.size} pixels after an hour of two cores; this run is smaller, and how a longer one fares is not measured here.`;
}

/** docs/stylegan.md */
export function stylePage({
  machine,
  flags,
  size,
  settings,
  rows,
  accuracy,
  seen,
  seconds,
  detection,
}: StylePage): string {
  const cell = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
  const table = rows.map(({ title, frechet, precision, recall, density, coverage, digits }) => [
    ...[title, cell(frechet), cell(precision), cell(recall), cell(density), cell(coverage), `${digits}`],
  ]);
  const untrained = rows.find(({ title }) => title.startsWith('untrained'));
  const trained = rows.filter(({ title }) => title.startsWith('after')).at(-1);
  const dcgan = rows.find(({ title }) => title.startsWith('DCGAN'));
  const given = Object.entries(settings).map(([name, value]) => `${name} ${String(value)}`);
  return `# Images that a StyleGAN makes up

\`npm run bench:stylegan -- ${flags}\` wrote this page and its pictures on ${machine}, one thread. A StyleGAN of ${size} x ${size} pixels is trained on about
7,000 of the 10,000 digits that \`../shared/data/mnist\` has (by a hash of the file), of which a twentieth calibrates the detecting critic; its own critic was shown ${seen} images in ${Math.round(seconds)} s of CPU,
with all that was measured in between. Settings other than the defaults: ${given.join(', ')}. ${describeLength(size, seconds)}

![64 images](images/stylegan-grid.png)

## How near they are to real ones

In the features of a small convolutional classifier, which is trained for this on the same 7,000 (it names ${percent(accuracy, 1)} % of unseen digits): distance of Fréchet
(Heusel et al. 2017; less is nearer), precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020), five neighbours, 1,500 images on each side; real ones\nare of the digits that no network was trained on.
The last column is how many of the ten digits at least a fiftieth of the images are of. Features are this
classifier's own: figures compare with others on this page only.

${markdownTable(['images', 'Fréchet', 'precision', 'recall', 'density', 'coverage', 'digits'], table)}

The last row is a DCGAN (Radford et al. 2016: batch normalisation in both networks, batches of 64, ours: 32 channels at half of the full size), trained on the same images for as many seconds of CPU.

${untrained && trained && dcgan ? describeBars(untrained, trained, dcgan) : ''}

## Styles

Images in the first column with the coarse styles of those in the first line:

![Coarse styles mixed](images/stylegan-mix-coarse.png)

And with the fine ones:

![Fine styles mixed](images/stylegan-mix-fine.png)

From one style to another in equal steps:

![Ways between styles](images/stylegan-ways.png)

${detection ? describeDetection(detection) : ''}
`;
}

function describeDetection(detection: Detection): string {
  return `## Its critic as a detector

Trained on half of the ${detection.digit}s alone, tested on ${detection.tested} images: the other half, and a quarter of the other digits. AUROC in percent:

${markdownTable(
  ['critic', 'AUROC'],
  [
    ["StyleGAN's own, against generated images", percent(detection.ownAuroc)],
    ['the detecting critic, which critic.onnx scores by', percent(detection.auroc)],
  ],
)}`;
}

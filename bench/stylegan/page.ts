import { markdownTable, percent } from '../support/documents.ts';
import { describeHeatMaps, describeMemory, describeStyles, showSettings } from './page-parts.ts';
import type { StyleResult } from './result.ts';

type Quality = StyleResult['quality'];
type Row = Quality['rows'][number];

/** What should hold of a run of an hour. */
const BARS = { share: 0.1, coverage: 0.5 } as const;

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
  const bars = `The bars below are meant for ${LENGTH.size} pixels after an hour of two cores`;
  if (size < LENGTH.size) return `${bars}; this run is smaller, and how a longer one fares is not measured here.`;
  if (seconds >= 0.95 * LENGTH.seconds) return '';
  return `${bars}, ${LENGTH.seconds / 60} minutes of CPU; this run, and the DCGAN that it is compared with, had ${Math.round(seconds / 60)} each.`;
}

/** docs/stylegan.md */
export function stylePage({ quality, styles, growth, oneStep, memory, detection, heatMaps }: StyleResult): string {
  const parts = [
    describeQuality(quality),
    ...(styles ? [describeStyles(styles)] : []),
    ...(growth ? [describeGrowth(growth)] : []),
    ...(oneStep ? [describeStep(oneStep)] : []),
    ...(memory ? [describeMemory(memory)] : []),
    ...(detection ? [describeDetection(detection)] : []),
    ...(heatMaps ? [describeHeatMaps(heatMaps)] : []),
  ];
  return `# Images that a StyleGAN makes up

\`npm run bench:stylegan\` writes this page and its pictures, part by part; each says by which flags and where. Images in the style of others, by AdaIN, have a page of their own: [stylize.md](stylize.md).

${parts.join('\n\n')}
`;
}

function describeQuality({ machine, flags, size, settings, rows, accuracy, seen, seconds }: Quality): string {
  const cell = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
  const table = rows.map(({ title, frechet, precision, recall, density, coverage, digits }) => [
    ...[title, cell(frechet), cell(precision), cell(recall), cell(density), cell(coverage), `${digits}`],
  ]);
  const untrained = rows.find(({ title }) => title.startsWith('untrained'));
  const trained = rows.filter(({ title }) => title.startsWith('after')).at(-1);
  const dcgan = rows.find(({ title }) => title.startsWith('DCGAN'));
  return `\`npm run bench:stylegan -- ${flags}\`, on ${machine}, one thread: a StyleGAN of ${size} x ${size} pixels is trained on about
7,000 of the 10,000 digits that \`../shared/data/mnist\` has (by a hash of the file), of which a twentieth calibrates the detecting critic; its own critic was shown ${seen} images in ${Math.round(seconds)} s of CPU,
with all that was measured in between. Settings other than the defaults: ${showSettings(settings)}. ${describeLength(size, seconds)}

![64 images](images/stylegan-grid.png)

## How near they are to real ones

In the features of a small convolutional classifier, which is trained for this on the same 7,000 (it names ${percent(accuracy, 1)} % of unseen digits): distance of Fréchet
(Heusel et al. 2017; less is nearer), precision and recall (Kynkäänniemi et al. 2019), density and coverage (Naeem et al. 2020), five neighbours, 1,500 images on each side; real ones
are of the digits that no network was trained on.
The last column is how many of the ten digits at least a fiftieth of the images are of. Features are this
classifier's own: figures compare with others in this table only.

${markdownTable(['images', 'Fréchet', 'precision', 'recall', 'density', 'coverage', 'digits'], table)}

The last row is a DCGAN (Radford et al. 2016: batch normalisation in both networks, batches of 64, ours: 32 channels at half of the full size), trained on the same images for as many seconds of CPU.

${untrained && trained && dcgan ? describeBars(untrained, trained, dcgan) : ''}

## Styles

Images in the first column with the coarse styles of those in the first line:

![Coarse styles mixed](images/stylegan-mix-coarse.png)

And with the fine ones:

![Fine styles mixed](images/stylegan-mix-fine.png)

From one style to another in equal steps:

![Ways between styles](images/stylegan-ways.png)`;
}

function describeGrowth({ machine, flags, settings, seconds }: NonNullable<StyleResult['growth']>): string {
  return `## Growing to 64 x 64

\`npm run bench:stylegan -- ${flags}\`, on ${machine}, one thread: 1,000 grey plates with a slot and one to three holes, drawn by this command, in the first line; below it what the generator
makes at 64 pixels, grown from 8, after ${Math.round(seconds)} s of CPU. Settings other than the defaults: ${showSettings(settings)}. It shows that the networks grow; for good images it
is far too short.

![Plates, and generated ones, 64 x 64 pixels](images/stylegan-growth.png)`;
}

function describeStep(step: NonNullable<StyleResult['oneStep']>): string {
  const { machine, flags, size, batch, channels, updates, losses, compileSeconds, stepSeconds } = step;
  const named = Object.entries(losses).map(([name, value]) => `${name} ${value.toPrecision(3)}`);
  return `## One step at ${size} x ${size}

\`npm run bench:stylegan -- ${flags}\`, on ${machine}, one thread: ${updates} update${updates === 1 ? '' : 's'} of the own critic, with R1, and one of the generator on ${batch} colour images of noise, with
\`--channel-base ${channels.channelBase} --channel-most ${channels.channelMost}\`. Compiling took ${compileSeconds.toFixed(1)} s of CPU and the step ${stepSeconds.toFixed(1)} s, and the process had ${(step.peakBytes / 2 ** 30).toFixed(1)} GiB
at most. Losses: ${named.join(', ')}.`;
}

function describeDetection({ machine, flags, ...found }: NonNullable<StyleResult['detection']>): string {
  const { digit, tested, size, settings, ownAuroc, auroc } = found;
  return `## Its critic as a detector

\`npm run bench:stylegan -- ${flags}\`, on ${machine}, one thread: trained on half of the ${digit}s alone, ${size} x ${size} pixels, tested on ${tested} images: the other half, and a quarter of the other digits.
Settings other than the defaults: ${showSettings(settings)}. AUROC in percent; at 50 a detector says nothing:

${markdownTable(
  ['critic', 'AUROC'],
  [
    ["StyleGAN's own, against generated images", percent(ownAuroc)],
    ['the detecting critic, which critic.onnx scores by', percent(auroc)],
  ],
)}`;
}

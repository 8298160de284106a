import { markdownTable, percent } from '../support/documents.ts';
import { CORRUPTIONS, MAPS } from './localise.ts';
import { aurocOf, type ImageResult } from './measure.ts';
import { DIGITS, PHOTOS } from './sets.ts';

/** What must hold of the means over classes and seeds, and of each class's training. */
export const BARS = { digits: 0.98, photos: 0.875, trainSeconds: 120, ellipse: 0.75, scratch: 0.7 } as const;

const mean = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length;
const verdict = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');

interface Group {
  readonly title: string;
  readonly bar: number;
  readonly names: readonly string[];
  readonly literature: string;
}

const GROUPS: readonly Group[] = [
  {
    ...{ title: 'digits', bar: BARS.digits, names: DIGITS },
    literature: 'AnoGAN 93.7, DeepSVDD 94.8, OCGAN 97.5, GeoTrans 98.0',
  },
  {
    ...{ title: 'photos', bar: BARS.photos, names: PHOTOS },
    literature: 'AnoGAN 61.2, DeepSVDD 64.8, OCGAN 65.6, GeoTrans 86.0',
  },
];

/** "2000 steps for digits". */
const stepsOf = ({ title, own }: { readonly title: string; readonly own: readonly ImageResult[] }): string =>
  `${[...new Set(own.map(({ steps }) => steps))].join(' or ')} steps for ${title}`;

/** docs/images-bench.md, and how many bars are missed. `givenSteps`: where these are not the product's own. */
export function imagesPage(
  machine: string,
  results: readonly ImageResult[],
  givenSteps?: number,
): { text: string; missed: number } {
  const seeds = [...new Set(results.map(({ seed }) => seed))].sort((a, b) => a - b);
  const slowest = Math.max(...results.map(({ trainSeconds }) => trainSeconds));
  const measured = GROUPS.map((group) => ({ ...group, own: results.filter(({ name }) => group.names.includes(name)) }));
  const groups = measured.filter(({ own }) => own.length > 0);
  const bars = [
    ...groups.map(({ title, bar, own }) => {
      const value = mean(own.map(aurocOf));
      return { text: `mean AUROC of ${title} ${percent(value)}, the bar is ${percent(bar)}`, isMet: value >= bar };
    }),
    {
      text: `slowest training ${slowest.toFixed(0)} s of CPU, the bar is ${BARS.trainSeconds} s`,
      isMet: slowest <= BARS.trainSeconds,
    },
    ...pointingBars(results),
  ];
  const text = `# How well images are judged

\`npm run bench:images${givenSteps === undefined ? '' : ` -- --steps ${givenSteps}`}\` wrote this page on ${machine}: seeds ${seeds.join(', ')}; ${groups.map(stepsOf).join(', ')}. The critic is that of
\`train --critic-only\`, trained on normal images only with ${givenSteps === undefined ? 'default settings' : `\`--steps ${givenSteps}\``}, one thread. Percent of AUROC. Digits: half of the images of a
digit train (some 500), the other half and 2,000 other digits are tested, split anew by each seed. Photos: 5,000 images of a class of CIFAR-10 train, 500
of it and 4,500 of the nine others are tested. The recipe was chosen, elsewhere, on digit 8, automobile and frog with their test images; on the others nothing was.
5-NN is the mean distance to the five nearest training images, pixel by pixel. By one pass of the network, or by the mean over an image and its mirror image: "passes" is which of
them the product took, as the training images say whether mirror images are normal ([decision 0047](decisions/0047-mirror-images-where-they-are-normal.md)). ${costOfScoring(results)}

${bars.map((bar) => `- ${bar.text}: **${verdict(bar.isMet)}**`).join('\n')}

${groups.map(renderGroup).join('\n\n')}
${renderPointing(results)}`;
  return { text, missed: bars.filter(({ isMet }) => !isMet).length };
}

/** Over all images that were scored. */
function costOfScoring(results: readonly ImageResult[]): string {
  const images = results.reduce((total, { testImages }) => total + testImages, 0);
  const [one, both] = (['one', 'both'] as const).map((passes) => {
    const seconds = results.reduce((total, { scoreSeconds }) => total + scoreSeconds[passes], 0);
    return ((1000 * seconds) / images).toFixed(2);
  });
  return `Scoring took ${one} ms of CPU an image by one pass, ${both} by both, many at a time.`;
}

/** Passes that classes were scored by. */
const passesOf = (of: readonly ImageResult[]): string => [...new Set(of.map(({ passes }) => passes))].join(', ');

function renderGroup({ title, own, names, literature }: Group & { own: readonly ImageResult[] }): string {
  const row = (name: string, of: readonly ImageResult[]): string[] => {
    const aurocs = of.map(aurocOf);
    const spread = aurocs.length > 1 ? `${percent(Math.min(...aurocs))} to ${percent(Math.max(...aurocs))}` : '-';
    const others = [
      of.map(({ aurocs }) => aurocs.one),
      of.map(({ aurocs }) => aurocs.both),
      of.map((each) => each.nearestAuroc),
    ].map(mean);
    const cost = mean(of.map(({ trainSeconds }) => trainSeconds));
    return [
      name,
      String(new Set(of.map(({ seed }) => seed)).size),
      percent(mean(aurocs)),
      spread,
      passesOf(of),
      ...others.map((each) => percent(each)),
      cost.toFixed(0),
    ];
  };
  const rows = names.flatMap((name) => {
    const of = own.filter((each) => each.name === name);
    return of.length === 0 ? [] : [row(name, of)];
  });
  const header = [title, 'seeds', 'critic', 'over seeds', 'passes', 'one pass', 'both', '5-NN', 'training, s of CPU'];
  return `## ${title[0]!.toUpperCase()}${title.slice(1)}

${markdownTable(header, [...rows, row('**mean**', own)])}

The literature's means over ten classes, with other numbers of training images: ${literature}. A yardstick, no comparison.`;
}

interface PointingTotal {
  readonly images: number;
  readonly shares: readonly number[];
}

function totalPointing(results: readonly ImageResult[], kind: (typeof CORRUPTIONS)[number]): PointingTotal | undefined {
  const own = results.flatMap(({ pointing }) => (pointing?.[kind] ? [pointing[kind]] : []));
  const images = own.reduce((total, each) => total + each.images, 0);
  if (images === 0) return undefined;
  return { images, shares: MAPS.map((map) => own.reduce((total, { hits }) => total + hits[map], 0) / images) };
}

function pointingBars(results: readonly ImageResult[]): { text: string; isMet: boolean }[] {
  return CORRUPTIONS.flatMap((kind) => {
    const total = totalPointing(results, kind);
    if (total === undefined) return [];
    const share = total.shares[0]!;
    return [
      {
        text: `pointing on ${kind} ${share.toFixed(2)}, the bar is ${BARS[kind].toFixed(2)}`,
        isMet: share >= BARS[kind],
      },
    ];
  });
}

function renderPointing(results: readonly ImageResult[]): string {
  const rows = CORRUPTIONS.flatMap((kind) => {
    const total = totalPointing(results, kind);
    return total ? [[kind, String(total.images), ...total.shares.map((share) => share.toFixed(3))]] : [];
  });
  if (rows.length === 0) return '';
  return `
## Where it points

Test digits are corrupted in ways that the critic is not trained on: an ellipse of another digit's pixels, or a scratch two pixels wide. The share of
images in which the hottest pixel lies inside what was corrupted, of the heat map of \`explain\`, of the plain difference from the same nearest training image, smoothed
alike, and of the centre of the image, which asks nothing of anybody.

${markdownTable(['corruption', 'images', ...MAPS], rows)}
`;
}

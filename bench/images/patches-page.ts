import { DETECTORS, NEAR_PIXELS, type DetectorName, type MosaicResult } from './measure-mosaics.ts';
import { DEFECTS, type Defect } from './mosaics.ts';

const SHOWN: { readonly [D in DetectorName]: string } = {
  patches: '`--image-size 256 --patch-size 32`',
  whole: '`--image-size 32`, shrunk',
  'nearest patches': 'nearest patches at the same place, pixel by pixel',
};
const EXPLAINED: { readonly [D in Defect]: string } = {
  scratch: 'scratch: 12 x 2 px, white or black',
  spot: 'spot: a disc of 6 px, white or black',
  square: 'square: 24 px of another mosaic',
};

/** docs/patches-bench.md. */
export function patchesPage(machine: string, results: readonly MosaicResult[]): string {
  const [first] = results;
  const mean = (of: (result: MosaicResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0) / results.length;
  const cell = (of: (result: MosaicResult) => number): string => {
    const all = results.map((result) => 100 * of(result));
    const range = results.length > 1 ? ` (${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)})` : '';
    return `${(100 * mean(of)).toFixed(1)}${range}`;
  };
  const table = (title: string, lines: readonly (readonly string[])[]): string[] => [
    `| ${title} | ${DEFECTS.map((defect) => EXPLAINED[defect]).join(' | ')} |`,
    `| --- | ${DEFECTS.map(() => '---:').join(' | ')} |`,
    ...lines.map((line) => `| ${line.join(' | ')} |`),
  ];
  return [
    '# Small defects in large images',
    '',
    `\`npm run bench:patches\` wrote this page on ${machine}: seeds ${results.map(({ seed }) => seed).join(', ')}; ${first!.steps} steps. Mosaics of 8 x 8 training images`,
    `of CIFAR-10 (256 x 256 pixels, automobiles, ships and frogs mixed) are normal: ${first!.trainImages} train, ${first!.testImages} others are tested, as they are and with one defect each. No image`,
    'is in two mosaics. They are hard: each has other pictures, and edges of tiles everywhere. The critic of patches is trained against thin bars',
    '(`scar`), to which a scratch is near, a spot less so, and a square not at all. That `scar` alone is what patches are trained against, and their size, was chosen on',
    'scratches of other mosaics; nothing on those of this page.',
    '',
    'AUROC in percent, mean (range) over seeds:',
    '',
    ...table(
      'detector',
      DETECTORS.map((name) => [SHOWN[name], ...DEFECTS.map((defect) => cell(({ auroc }) => auroc[name][defect]))]),
    ),
    '',
    `Heat maps of the critic of patches whose hottest pixel lies in the defect, or at most ${NEAR_PIXELS} px from it, in percent of damaged mosaics:`,
    '',
    ...table('', [['heat map', ...DEFECTS.map((defect) => cell(({ pointing }) => pointing[defect]))]]),
    '',
    `Training took ${mean(({ trainSeconds }) => trainSeconds).toFixed(0)} s of CPU on one thread, scoring ${mean(({ scoreMilliseconds }) => scoreMilliseconds).toFixed(0)} ms an image (225 patches), an explanation`,
    `${mean(({ explainMilliseconds }) => explainMilliseconds).toFixed(0)} ms. Scoring ten images at a time, the most that go through at once, took ${mean(({ scoreMebibytes }) => scoreMebibytes).toFixed(0)} MiB more; a raw row of 256 x 256 in`,
    'colour is 768 KiB, and training holds each up to three times.',
    '',
  ].join('\n');
}

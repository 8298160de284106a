import { markdownTable } from '../support/documents.ts';
import type { StyleResult } from './result.ts';
import { TRUNCATIONS } from './styles.ts';

type Part<Name extends keyof StyleResult> = NonNullable<StyleResult[Name]>;

export const showSettings = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');

const measuredBy = ({ flags, machine }: { readonly flags: string; readonly machine: string }): string =>
  `\`npm run bench:stylegan -- ${flags}\`, on ${machine}, one thread`;

export function describeStyles({ seen, seconds, settings, ...measured }: Part<'styles'>): string {
  return `## Sizes, truncation, labels, middle styles

${measuredBy(measured)}: a generator of 32 x 32 digits that is told which digit to make, grown from 4 x 4, whose own critic was shown ${seen} images
in ${Math.round(seconds)} s of CPU by all processes that had a part in it. Settings other than the defaults: ${showSettings(settings)}. That is far too short for good images: its pictures show what can be asked for.

What it made at the end of each size, of the same styles, a digit for each column:

![Sizes from 4 x 4 to 32 x 32](images/stylegan-phases.png)

The same styles by truncation, ${TRUNCATIONS.join(', ')} from above; at 0 all are the mean style, which is that of all digits, and differ by their noise alone, since a label is a part of the style:

![Truncation](images/stylegan-truncation.png)

Labels: a line for each digit that was asked for, from 0 to 9.

![Labels](images/stylegan-labels.png)

Images in the first column with the middle styles of those in the first line:

![Middle styles mixed](images/stylegan-mix-middle.png)`;
}

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
/** Lines of the table of memory. */
const LINES = 8;

export function describeMemory({ phases, seconds, settings, ...measured }: Part<'memory'>): string {
  const every = Math.ceil(phases.length / LINES);
  const shown = phases.filter((_, at) => at % every === 0 || at === phases.length - 1);
  const rows = shown.map(({ name, seen, residentBytes, peakBytes }) => [
    ...[name, `${seen}`, mebibytes(residentBytes), mebibytes(peakBytes)],
  ]);
  const [half, last] = [phases[Math.floor(phases.length / 2)]!, phases.at(-1)!];
  const grown = mebibytes(last.peakBytes - half.peakBytes);
  return `## Memory of a long run

${measuredBy(measured)}: ${phases.length} phases of 16 x 16 digits, ${last.seen} images in ${Math.round(seconds)} s of CPU. Each phase compiles a program, plays,
draws pictures and writes a checkpoint. The most memory that the process has had grew by ${grown} MiB over the second half of the phases. What stays of a phase is its curves,
8 bytes a value and update, and a picture; training images are held a few times, 4 bytes a value, as many as fit into \`--memory-budget\`. \`train\` prints what it had at most.
Settings other than the defaults: ${showSettings(settings)}.

${markdownTable(['after', 'images seen', 'resident MiB', 'at most MiB'], rows)}`;
}

export function describeHeatMaps({ digit, steps, each, seconds, hits, images, ...measured }: Part<'heatMaps'>): string {
  return `## Heat maps of the detecting critic

${measuredBy(measured)}: trained on half of the ${digit}s for ${steps} steps, ${Math.round(seconds)} s of CPU. From above: other ${digit}s; the same with an ellipse of another digit
(${each}) or a scratch (${each}), of which training knows nothing; the nearest normal image; and the heat map, as \`explain\` answers them. The hottest pixel lies in what was changed for ${hits} of these
${images}; how often of 200, beside plain differences: [images-bench.md](images-bench.md).

![Images, changed images, nearest normal images, heat maps](images/stylegan-heat-maps.png)`;
}

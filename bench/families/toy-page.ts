import { spreadOf } from '../quality/summary.ts';
import { markdownTable } from '../support/documents.ts';
import { pairedDifference } from './paired.ts';
import type { CoverageRun, FamiliesResult, ToyFigures } from './result.ts';
import { TOY_NAMES, TOY_SETS, type ToyName } from './toy-sets.ts';
import { MINIBATCH_SIZE, SHARED } from './variants.ts';

const quality = (run: CoverageRun): number => 100 * run.quality;
const found = (run: CoverageRun): number => run.found;
const divergence = (run: CoverageRun): number => run.divergence;

/** The part of docs/families.md on mode coverage. */
export function describeCoverage(results: readonly ToyFigures[]): string {
  const variants = [...new Set(results.map(({ variant }) => variant))];
  const rows = variants.map((variant) => [
    variant,
    ...TOY_NAMES.map((name) => {
      const { runs } = results.find((each) => each.variant === variant && each.set === name)!;
      return [spread(runs, found, 1), spread(runs, quality, 1), spread(runs, divergence, 2)].join(' / ');
    }),
  ]);
  const header = TOY_NAMES.map((name) => `${TOY_SETS[name].title}, ${TOY_SETS[name].parts} parts`);
  const seeds = results[0]?.runs.length ?? 0;
  const pictures = TOY_NAMES.map(
    (name) => `![${TOY_SETS[name].title}: the data and what generators made](images/families-coverage-${name}.svg)`,
  );
  return `## How much of the data a generator covers

Three sets in the plane: ${TOY_NAMES.map(describeSet).join('; ')}. Of 2,500 made-up rows, "quality" is the share within
three deviations of the nearest part's middle, and a part is found when it has such a row (Srivastava 2017, VEEGAN; Lin 2018, PacGAN). Read
the two together: a uniform cloud finds all of the grid with a quality of 7 %. "Divergence" is the Kullback-Leibler divergence of the parts' shares
from equal ones, in nats, each row counting for its nearest part: 0 is best, ${Math.log(TOY_SETS.grid.parts).toFixed(2)} is all rows in one part of the grid. Means over ${seeds} seeds, ± the
sample standard deviation.

Every variant has dense networks of ${SHARED.hidden.join(' and ')} units, ${SHARED.latent} noise units, batches of ${SHARED.batch}, Adam (${SHARED.ownBeta1}, ${SHARED.ownBeta2}) with a learning rate that falls
from ${SHARED.ownLearningRate} to 0, and ${SHARED.steps.toLocaleString('en-US')} updates of the critic and of the generator in turn; WGAN has RMSprop from 0.001, and clips at 0.1, of 0.01, 0.03 and 0.1
the best on the grid of 25, which is one of these sets. Penalties
weigh 0.1, as in Gulrajani's own code for such sets. The papers train ten times longer and more, and WGANs with five updates of the critic for each of
the generator: these figures compare variants under one small budget, and do not judge the papers.

Parts found / quality, % / divergence:

${markdownTable(['variant', ...header], rows)}

${pictures.join('\n\n')}`;
}

function describeSet(name: ToyName): string {
  const { title, parts, deviation } = TOY_SETS[name];
  return `${title} (${parts} parts, deviation ${deviation.toPrecision(2)})`;
}

/** The part on minibatch layers. */
export function describeMinibatch(comparisons: FamiliesResult['minibatch']): string {
  const rows = comparisons.map(({ layer, without, with: after }) => {
    const { mean, low, high, pairs } = pairedDifference(without.runs.map(found), after.runs.map(found));
    const change = (of: (run: CoverageRun) => number, digits: number): string =>
      `${spread(without.runs, of, digits)} → ${spread(after.runs, of, digits)}`;
    return [
      `${without.variant}, ${layer}`,
      String(pairs),
      change(found, 1),
      `${signed(mean)} (${signed(low)} to ${signed(high)})`,
      change(quality, 1),
      change(divergence, 2),
    ];
  });
  const header = ['variant', 'seeds', 'found of 25', 'difference, 95 %', 'quality, %', 'divergence'];
  return `## Minibatch layers

A critic that sees a batch at a time can tell that its rows are all alike (Salimans 2016, minibatch discrimination; Karras 2018, minibatch
standard deviation). In scoring the running mean over real batches stands for both: a score never depends on its batch mates. On the grid, for the
GAN that nothing holds, with the same seeds without and with the layer; the interval is Student's t of the paired differences. The learning rate
of all toy runs was chosen so high that this GAN loses modes. Discrimination has ${MINIBATCH_SIZE.minibatchKernels} kernels of ${MINIBATCH_SIZE.minibatchWidth} numbers.

${markdownTable(header, rows)}

![The grid, without and with minibatch layers](images/families-minibatch.svg)

The price is quality, since rows between the parts count for variety, too. A penalty centred at zero covers the grid by itself, as the table above
has it.`;
}

function spread(runs: readonly CoverageRun[], of: (run: CoverageRun) => number, digits: number): string {
  const { mean, deviation } = spreadOf(runs.map(of));
  return `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
}

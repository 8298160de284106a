import { AristarchError } from '../../base/errors.ts';
import type { Random } from '../../base/philox.ts';
import { CONDITION_INPUT, GENERATED_OUTPUT, LATENT_INPUT } from '../../models/generator-graph.ts';
import { imagesPerBlock } from '../../models/images/blocks.ts';
import { drawGrid } from '../../models/images/grid.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import { shrinkRows } from '../../models/images/shrink.ts';
import type { Phase } from '../../models/stylegan/phases.ts';
import { styleFeeds, styleWidths } from '../../models/stylegan/style-inputs.ts';
import type { Executor } from '../../runtime/executor.ts';
import type { StateValues } from '../steps/state.ts';

const COUNT = 40;
const COLUMNS = 10;
/** Height and width of an image in a picture: the report holds all pictures in one page. */
export const SHOWN_SIZE = 64;
/** Phases at the full size that have pictures; a run may cut it into a thousand. */
const MOST_SHOWN = 12;

/** The phases that have pictures: those in which the networks grow, and some at the full size, evenly, the last one among them. */
export function shownPhases(phases: readonly Phase[]): ReadonlySet<Phase> {
  const full = phases.at(-1)?.size;
  const isGrown = ({ size, isFading }: Phase): boolean => size === full && !isFading;
  const last = phases.filter(isGrown);
  const shown = Math.min(MOST_SHOWN, last.length);
  const chosen = Array.from({ length: shown }, (_, index) => last[Math.ceil(((index + 1) * last.length) / shown) - 1]!);
  return new Set([...phases.filter((phase) => !isGrown(phase)), ...chosen]);
}

export interface PictureOptions {
  readonly executor: Executor;
  readonly plan: ImageGamePlan;
  readonly channels: number;
  readonly size: number;
  readonly weights: StateValues;
  readonly random: Random;
}

/** Images of a size by the same noise each time, as a PNG; a label for each column, where there are labels. */
export async function drawPhase(options: PictureOptions): Promise<Uint8Array> {
  const shown = { channels: options.channels, size: Math.min(options.size, SHOWN_SIZE) };
  const rows = await makePhase(options);
  return drawGrid(rows, shown, { columns: COLUMNS, scale: Math.max(1, Math.round(SHOWN_SIZE / options.size)) });
}

/** The images themselves as raw rows, made a few at a time, and shrunk where they are larger than pictures show. */
export async function makePhase({
  executor,
  plan,
  channels,
  size,
  weights,
  random,
}: PictureOptions): Promise<Float32Array> {
  const graph = plan.generatorGraph(size, weights);
  const widths = styleWidths(
    Object.fromEntries(graph.inputs.map((each) => [each.attributes.name, Number(each.shape[1])])),
  );
  if (widths === null) throw new AristarchError('INTERNAL', `the generator of ${plan.title} has no styles`);
  const z = new Float32Array(COUNT * widths.z);
  random.stream('pictures', 'latent').fillNormal(z, 0);
  const noise = random.stream('pictures', 'noise', size);
  const shown = { channels, size: Math.min(size, SHOWN_SIZE) };
  const rows = new Float32Array(COUNT * channels * shown.size ** 2);
  const perBlock = Math.min(COUNT, imagesPerBlock(size));
  const session = await executor.compile(graph);
  try {
    for (let from = 0, block = 0; from < COUNT; from += perBlock, block++) {
      const count = Math.min(perBlock, COUNT - from);
      const latent = new Float32Array(count * widths.latent);
      noise.fillNormal(latent, block);
      for (let row = 0; row < count; row++)
        latent.set(z.subarray((from + row) * widths.z, (from + row + 1) * widths.z), row * widths.latent);
      const labels = Float32Array.from({ length: count }, (_, row) => ((from + row) % COLUMNS) % plan.labels);
      const feeds = {
        [LATENT_INPUT]: { data: latent, shape: [count, widths.latent] },
        ...(plan.labels > 0 && { [CONDITION_INPUT]: { data: labels, shape: [count, 1] } }),
        ...styleFeeds(widths, count),
      };
      const { [GENERATED_OUTPUT]: made } = await session.run(feeds);
      rows.set(shrinkRows(made!.data, { channels, size }, shown.size), from * channels * shown.size ** 2);
    }
  } finally {
    await session.close();
  }
  return rows;
}

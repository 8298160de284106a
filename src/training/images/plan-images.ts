import { createHash } from 'node:crypto';
import { AristarchError } from '../../base/errors.ts';
import { longestFirst } from '../../base/in-turns.ts';
import { createRandom } from '../../base/philox.ts';
import { showRateUp } from '../../base/show-rate.ts';
import type { ImageCriticPlan } from '../../models/images/image-critic.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import { layersFrom, type ConvCriticOptions } from '../../models/images/conv-critic.ts';
import { planStylizer, type ImagePool, type StylizerPlan } from '../../models/stylize/plan-stylizer.ts';
import type { Work } from '../../runtime/choice/work.ts';
import type { RunIdentity } from '../checkpoint.ts';
import { DEFAULT_RATE } from '../export-model.ts';
import { splitRows, type Split } from '../fit/split.ts';
import { outlineOf, type Outline } from '../journal.ts';
import { WITHOUT_EFFECT } from '../train.ts';
import { withSteps, type ImageTrainConfig } from './config.ts';
import { GAME_ROUND } from './fit-game.ts';
import { leaveUntrained, warnOfLoneLevels } from './labels.ts';
import { mirrorsLookAlike } from './mirror-images.ts';
import { warnOfOwnCopies } from './own-copies.ts';
import { STYLIZER_ROUND } from './fit-stylizer.ts';
import { prepareImages, prepareStyles, type PreparedImages } from './prepare-images.ts';
import type { StylizerValues } from './settings.ts';
import { workOfImages } from './work-of-images.ts';

/** At most so many held-out images calibrate; more would not make p-values better. */
const MOST_HELD_OUT = 10_000;

/** What a run on images is going to do. */
export interface ImageRunPlan {
  /** The run's, with what the number of images decides. */
  readonly config: ImageTrainConfig;
  readonly images: PreparedImages;
  readonly warnings: readonly string[];
  readonly split: Split;
  readonly rate: number;
  /** Whether an image scores as the mean of itself and its mirror image. */
  readonly isMirrored: boolean;
  /** The generator and its own critic; null where none is trained. */
  readonly game: ImageGamePlan | null;
  /** The decoder of styles; null where none is trained. */
  readonly stylizer: StylizerPlan | null;
  /** SHA-256 of the images whose styles are learnt; null where these are the training images. */
  readonly stylesFingerprint: string | null;
  /** Where so many critics that detect are trained at the same time. */
  readonly outlineFor: (criticsAtOnce: number) => Outline;
  /** The detecting critic, without its images. */
  readonly critic: ImageCriticPlan;
  /** Of the detecting critic and of those of its folds. */
  readonly detectorSteps: number;
  /** By which the device `auto` is chosen. */
  readonly work: Work;
}

/** Reads the images and decides all that can be decided before training. Throws `INVALID_INPUT` and `RATE_UNSUPPORTED`. */
export async function planImageRun(given: ImageTrainConfig): Promise<ImageRunPlan> {
  const read = await prepareImages(given);
  const config = withSteps(given, read.count);
  const { run, family, values } = config;
  const split = splitRows(read.count, createRandom(run.seed), {
    ...{ crossBelow: run.crossBelow, folds: run.folds, heldOutShare: run.calibrationShare, mostHeldOut: MOST_HELD_OUT },
  });
  const { images, warnings } = forTraining(read, split);
  const { image } = images.schema;
  const game = family.planGame?.(values, image, images.labels?.label.levels.length) ?? null;
  const detector = (share: number) =>
    family.plan(values, { ...image, count: 1, values: new Float32Array(image.channels * image.size ** 2) }, share);
  const critic = detector(1);
  const styles = await prepareStyles(config, images);
  const contents = { rows: images.rows, chosen: split.final };
  const stylizer = config.stylizer && planDecoder(config.stylizer, critic.network, contents, styles ?? contents);
  const folds = split.rounds.filter(({ train }) => train !== null);
  const gameTasks = (game?.phases ?? []).map((phase) => game!.taskOf(phase, split.final.length));
  const fold = detector(run.foldSteps);
  const detectors = [...folds.map(({ name }) => ({ name, plans: [fold] })), { name: 'final', plans: [critic] }];
  const outlineFor = (atOnce: number): Outline =>
    outlineOf([
      { atOnce, rounds: longestFirst(atOnce, detectors, ({ plans }) => plans[0]!.task.steps) },
      {
        atOnce: 1,
        rounds: [
          { name: STYLIZER_ROUND, plans: stylizer ? [stylizer] : [] },
          { name: GAME_ROUND, plans: gameTasks.map((task) => ({ task })) },
        ],
      },
    ]);
  return {
    ...{
      config,
      images,
      split,
      game,
      stylizer,
      outlineFor,
      critic,
      work: workOfImages(critic, game, gameTasks.at(-1)),
    },
    warnings: [
      ...[...images.leftOut, ...(styles?.leftOut ?? []), ...warnings],
      ...warnOfOwnCopies(images.rows, image, critic.negatives),
    ],
    isMirrored: isMirrored(config, images),
    detectorSteps: critic.task.steps + folds.length * fold.task.steps,
    rate: rateOf(run.rate, split),
    stylesFingerprint: styles && fingerprintOf(styles),
  };
}

function isMirrored(
  { run: { mirrored }, values: { patchSize } }: ImageTrainConfig,
  { rows, schema }: PreparedImages,
): boolean {
  if (mirrored !== 'auto') return mirrored === 'always';
  // What lies where in a mirrored patch was not measured.
  return patchSize === undefined && mirrorsLookAlike(rows, schema.image);
}

/** The images, whose labels are those of the ones that are not held out. */
function forTraining(read: PreparedImages, split: Split): Pick<ImageRunPlan, 'images' | 'warnings'> {
  if (read.labels === null) return { images: read, warnings: [] };
  const { labels, warnings } = leaveUntrained(read.labels, split.final);
  const { schema } = read;
  return {
    images: { ...read, labels, schema: { ...schema, image: { ...schema.image, label: labels.label } } },
    warnings: [...warnOfLoneLevels(read.labels), ...warnings],
  };
}

/** Pairs of a content and a style in an update: Huang and Belongie 2017, section 6.2. */
const STYLIZER_BATCH = 8;
/** Layers that encode, where nobody says how many. */
const STYLIZER_LAYERS = 2;

/** Throws `INVALID_INPUT` where the critic cannot encode. */
function planDecoder(
  { stylizerSteps: steps, stylizerLayers, stylizerRate: learningRate, styleWeight }: StylizerValues,
  network: ConvCriticOptions,
  contents: ImagePool,
  styles: ImagePool,
): StylizerPlan {
  const most = layersFrom(network.size);
  const layers = stylizerLayers ?? Math.min(STYLIZER_LAYERS, most);
  if (layers > most) {
    const message = `--stylizer-layers ${layers} is more than the critic has for its images, ${most}: give at most that, or larger images`;
    throw new AristarchError('INVALID_INPUT', message, { layers, most });
  }
  return planStylizer({ network, layers, batch: STYLIZER_BATCH, steps, learningRate, styleWeight }, contents, styles);
}

/** A rate that the held-out images cannot support is refused before the critic is trained. */
function rateOf(asked: number | undefined, { rounds }: Split): number {
  const count = rounds.reduce((total, { heldOut }) => total + heldOut.length, 0);
  const smallest = 1 / (count + 1);
  if (asked === undefined) return Math.max(DEFAULT_RATE, smallest);
  if (asked >= smallest) return asked;
  const message = `--rate ${asked} is below what ${count} held-out images support: give at least ${showRateUp(smallest)}, or more images`;
  throw new AristarchError('RATE_UNSUPPORTED', message, { rate: asked, smallest });
}

/** What must be equal for a run to go on from its checkpoint. */
export function identityOfImages(
  { run, values, stylizer }: ImageTrainConfig,
  { images, stylesFingerprint }: Pick<ImageRunPlan, 'images' | 'stylesFingerprint'>,
  engine: string,
): RunIdentity {
  // What a critic learns does not depend on how its scores are taken.
  const settings = Object.entries(run).filter(([name]) => !WITHOUT_EFFECT.has(name) && name !== 'mirrored');
  const ofStyles = stylizer && { ...stylizer, styleData: stylesFingerprint };
  const pixels = fingerprintOf(images);
  const labels = images.labels && { labels: hashOf(images.labels.places), levels: images.labels.label.levels };
  return { ...Object.fromEntries(settings), ...values, ...ofStyles, engine, images: pixels, ...labels };
}

/** SHA-256 of the pixels. */
export const fingerprintOf = ({ rows }: Pick<PreparedImages, 'rows'>): string => hashOf(rows);

const hashOf = ({ buffer, byteOffset, byteLength }: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');

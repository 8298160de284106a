import { createHash } from 'node:crypto';
import { AristarchError } from '../../base/errors.ts';
import { createRandom } from '../../base/philox.ts';
import { printableSettings } from '../../base/settings.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { CRITIC_FILE, EXPLAIN_FILE, NORMALS_FILE } from '../../models/artefact/layout.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { checkArtefactTarget, writeArtefact } from '../../models/artefact/write.ts';
import { rowWidth } from '../../models/features/schema.ts';
import { imageCritic } from '../../models/families/image-critic.ts';
import { imageExplainGraph, imageScoringGraph } from '../../models/images/scoring-graph.ts';
import { openExecutor } from '../../runtime/open-executor.ts';
import { showData } from '../../tables/download.ts';
import { DEFAULT_RATE, libraryVersions, type TrainResult } from '../export-model.ts';
import { splitRows, type Split } from '../fit/split.ts';
import { modelPlace } from '../prepare-data.ts';
import type { TrainHooks } from '../train.ts';
import type { ImageTrainConfig } from './config.ts';
import { fitImages, type FittedImageCritic } from './fit-images.ts';
import { warnOfOwnCopies } from './own-copies.ts';
import { prepareImages, type PreparedImages } from './prepare-images.ts';
import { IMAGE_SETTINGS } from './settings.ts';

/** Normal images that are kept for explanations. */
const MOST_NORMALS = 1000;

/**
 * Reads normal images, trains the detecting critic, calibrates it, and writes the model's folder, as `trainModel` does for rows. A run
 * takes about a minute and keeps no checkpoint: the signal ends it with `CANCELLED`, and nothing is written.
 */
export async function trainImages(config: ImageTrainConfig, hooks: TrainHooks): Promise<TrainResult> {
  const startedAt = hooks.seconds();
  const { values } = config;
  const place = modelPlace({ run: { ...values, target: undefined } });
  await checkArtefactTarget(place.out, { replace: values.replace });
  hooks.note(`reading ${showData(values.data).join(', ')}`);
  const images = await prepareImages(config);
  const warnings = warnOfOwnCopies(images.rows, images.schema.image);
  warnings.forEach(hooks.warn);
  const random = createRandom(values.seed);
  const split = splitRows(images.count, random, {
    ...{
      crossBelow: values.crossBelow,
      folds: values.folds,
      heldOutShare: values.calibrationShare,
      mostHeldOut: 10_000,
    },
  });
  const rate = rateOf(values.rate, split);
  const executor = await openExecutor({ device: values.device, threads: values.threads, warn: hooks.note });
  try {
    const { image } = images.schema;
    const { channels, size } = image;
    hooks.note(
      `training ${imageCritic.name} on ${images.count} images of ${size} x ${size} x ${channels}: ${executor.description}`,
    );
    const { critic, heldOut } = await fitImages(
      { executor, values, image, rows: images.rows, random, onProgress: countUpdates(values, split, hooks) },
      split,
    );
    const bytes = emitGraph(imageScoringGraph(image, critic));
    const seconds = hooks.seconds() - startedAt;
    const manifest = describe(config, images, {
      ...{ bytes, critic, rate, seconds, method: split.method, device: executor.description },
      ...{ scores: heldOut.map(({ score }) => score), name: place.name, createdAt: hooks.now() },
    });
    const files = {
      [CRITIC_FILE]: bytes,
      [EXPLAIN_FILE]: emitGraph(imageExplainGraph(image, critic)),
      [NORMALS_FILE]: normalsOf(images, split),
    };
    await writeArtefact(
      place.out,
      { manifest: { ...manifest, libraries: await libraryVersions() }, files },
      { replace: values.replace },
    );
    return toResult(manifest, place.out, warnings);
  } finally {
    await executor.close();
  }
}

/** A rate that the held-out images cannot support is refused before the critic is trained. */
function rateOf(asked: number | undefined, { rounds }: Split): number {
  const count = rounds.reduce((total, { heldOut }) => total + heldOut.length, 0);
  const smallest = 1 / (count + 1);
  if (asked === undefined) return Math.max(DEFAULT_RATE, smallest);
  if (asked >= smallest) return asked;
  const message = `--rate ${asked} is below what ${count} held-out images support: give at least ${smallest.toPrecision(3)}, or more images`;
  throw new AristarchError('RATE_UNSUPPORTED', message, { rate: asked, smallest });
}

/** Tells how many updates of all rounds are done, and ends the run when it is told to. */
function countUpdates({ steps, foldSteps }: ImageTrainConfig['values'], { rounds }: Split, hooks: TrainHooks) {
  const folds = rounds.filter(({ train }) => train !== null).length;
  const total = steps + folds * Math.max(1, Math.round(steps * foldSteps));
  const done = new Map<string, number>();
  return (
    round: string,
    { stepsDone, history }: { stepsDone: number; history: Readonly<Record<string, readonly number[]>> },
  ) => {
    done.set(round, stepsDone);
    const loss = history['criticLoss']?.at(-1)?.toFixed(3) ?? '';
    hooks.onUpdates(
      [...done.values()].reduce((sum, each) => sum + each, 0),
      total,
      `loss ${loss}`,
    );
    if (hooks.signal.aborted) throw new AristarchError('CANCELLED', 'stopped: nothing was written');
  };
}

interface Trained {
  readonly bytes: Uint8Array;
  readonly critic: FittedImageCritic;
  readonly scores: readonly number[];
  readonly rate: number;
  readonly seconds: number;
  readonly method: 'split' | 'cross';
  readonly device: string;
  readonly name: string;
  readonly createdAt: Date;
}
type ImageManifest = Omit<Manifest, 'manifestVersion' | 'files' | 'libraries'>;

function describe({ values }: ImageTrainConfig, images: PreparedImages, trained: Trained): ImageManifest {
  const { bytes, critic, scores, rate, seconds, method, device, name, createdAt } = trained;
  const pixels = new Uint8Array(images.rows.buffer, images.rows.byteOffset, images.rows.byteLength);
  return {
    name,
    version: createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    family: imageCritic.name,
    createdAt: createdAt.toISOString(),
    features: { fields: [], image: images.schema.image, excluded: [] },
    training: {
      config: printableSettings(IMAGE_SETTINGS, values),
      ...{ rows: images.count, rowsInSource: images.countInSource },
      ...{ rollbacks: critic.progress.rollbacks.length, seconds, device },
    },
    fingerprint: { sha256: createHash('sha256').update(pixels).digest('hex'), columns: [] },
    calibration: { method, falsePositiveRate: rate, scores: [...scores] },
  };
}

/** Training images, a byte a pixel. */
function normalsOf({ rows, schema }: PreparedImages, { final }: Split): Uint8Array {
  const width = rowWidth(schema);
  const chosen = final.subarray(0, MOST_NORMALS);
  const out = new Uint8Array(chosen.length * width);
  chosen.forEach((row, index) => {
    for (let at = 0; at < width; at++) out[index * width + at] = Math.round(rows[row * width + at]!);
  });
  return out;
}

function toResult(
  { name, version, family, training, calibration }: ImageManifest,
  out: string,
  warnings: readonly string[],
): TrainResult {
  const { rows, rowsInSource, rollbacks, device, seconds } = training;
  const { method, scores, falsePositiveRate } = calibration;
  return {
    ...{ model: out, name, version, family, preset: 'detect', rows, rowsInSource, fields: 1, excluded: [] },
    calibration: { method, count: scores.length, falsePositiveRate },
    ...{ rollbacks, device, seconds, warnings, translates: [] },
  };
}

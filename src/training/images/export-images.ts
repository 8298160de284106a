import { createHash } from 'node:crypto';
import { printableSettings } from '../../base/settings.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import {
  CRITIC_FILE,
  EXPLAIN_FILE,
  GENERATOR_FILE,
  NORMALS_FILE,
  REPORT_FILE,
  STYLIZER_FILE,
} from '../../models/artefact/layout.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { writeArtefact } from '../../models/artefact/write.ts';
import { rowWidth } from '../../models/features/schema.ts';
import { imageExplainGraph, imageScoringGraph } from '../../models/images/scoring-graph.ts';
import { encodeStylizer } from '../../models/stylize/stylizer-file.ts';
import type { Executor } from '../../runtime/executor.ts';
import { libraryVersions, type TrainResult } from '../export-model.ts';
import { renderReport } from '../report/report.ts';
import type { ImageTrainConfig } from './config.ts';
import type { FittedGame } from './fit-game.ts';
import type { FittedImageCritic } from './fit-images.ts';
import type { FittedStylizer } from './fit-stylizer.ts';
import type { JudgedCritics } from './judge-critics.ts';
import { fingerprintOfLabels } from './labels.ts';
import { paceOf } from './pace.ts';
import { fingerprintOf, type ImageRunPlan } from './plan-images.ts';
import { toImageReport } from './report-images.ts';

/** What a run on images has learnt. */
export interface TrainedImages {
  readonly critic: FittedImageCritic;
  /** Held-out images by their scores, ascending. */
  readonly heldOut: readonly { readonly row: number; readonly score: number }[];
  readonly stylizer: FittedStylizer | null;
  readonly game: FittedGame | null;
  /** Both critics as detectors; null where there is no game. */
  readonly critics: JudgedCritics | null;
}

export interface ExportImagesOptions {
  readonly config: ImageTrainConfig;
  readonly plan: ImageRunPlan;
  readonly place: { readonly name: string; readonly out: string };
  readonly trained: TrainedImages;
  readonly warnings: readonly string[];
  readonly executor: Executor;
  readonly seconds: number;
  /** The most memory that the process has had so far; asked once, so that report and result say the same. */
  readonly peakBytes: () => number;
  readonly createdAt: Date;
}

export type ImageManifest = Omit<Manifest, 'manifestVersion' | 'files'>;

/** Normal images that are kept for explanations, and the bytes that they take at most. */
const MOST_NORMALS = 1000;
const NORMALS_BYTES = 2 ** 26;

/** Writes the model's folder: graphs, normal images, manifest and report. */
export async function exportImages(options: ExportImagesOptions): Promise<TrainResult> {
  const { config, plan, place, trained, warnings } = options;
  const { image } = plan.images.schema;
  const { critic, game, stylizer } = trained;
  const bytes = emitGraph(imageScoringGraph(image, critic));
  const generator = game && emitGraph(game.plan.generatorGraph(image.size, game.weights));
  const decoder = stylizer && encodeStylizer(stylizer);
  const learnt = [bytes, ...(generator ? [generator] : []), ...(decoder ? [decoder] : [])];
  const manifest = { ...describe(options, learnt), libraries: await libraryVersions() };
  const explain = emitGraph(imageExplainGraph(image, critic));
  const peakBytes = options.peakBytes();
  const files = {
    [CRITIC_FILE]: bytes,
    [EXPLAIN_FILE]: explain,
    [NORMALS_FILE]: normalsOf(plan),
    [REPORT_FILE]: renderReport(toImageReport(options, manifest, peakBytes)),
    ...(generator && { [GENERATOR_FILE]: generator }),
    ...(decoder && { [STYLIZER_FILE]: decoder }),
  };
  await writeArtefact(place.out, { manifest, files }, { replace: config.run.replace });
  return { ...toResult(manifest, options, warnings), peakBytes };
}

/** The version is of all that was learnt: one critic may have two generators beside it. */
function describe(options: ExportImagesOptions, learnt: readonly Uint8Array[]): Omit<ImageManifest, 'libraries'> {
  const { config, plan, place, trained, executor, seconds, createdAt } = options;
  const { settings, run, values, stylizer, family } = config;
  const { images, split, rate } = plan;
  return {
    name: place.name,
    version: learnt
      .reduce((hash, bytes) => hash.update(bytes), createHash('sha256'))
      .digest('hex')
      .slice(0, 12),
    family: family.name,
    createdAt: createdAt.toISOString(),
    features: { fields: [], image: images.schema.image, excluded: [] },
    training: {
      config: printableSettings(settings, { ...run, ...values, ...stylizer }),
      ...{ rows: images.count, rowsInSource: images.countInSource },
      ...{ rollbacks: rollbacksOf(trained), seconds, device: executor.description },
      ...(plan.isMirrored && { isMirrored: true as const }),
      ...(trained.critics && { critics: trained.critics }),
    },
    fingerprint: { sha256: fingerprintOf(images), columns: images.labels ? [fingerprintOfLabels(images.labels)] : [] },
    calibration: {
      ...{ method: split.method, falsePositiveRate: rate },
      scores: trained.heldOut.map(({ score }) => score),
    },
  };
}

const rollbacksOf = ({ critic, stylizer, game }: TrainedImages): number =>
  [critic.progress, ...(stylizer ? [stylizer.progress] : []), ...(game?.phases ?? [])].reduce(
    (total, { rollbacks }) => total + rollbacks.length,
    0,
  );

/** Training images, a byte a pixel. */
function normalsOf({ images: { rows, schema }, split }: ImageRunPlan): Uint8Array {
  const width = rowWidth(schema);
  const chosen = split.final.subarray(0, Math.min(MOST_NORMALS, Math.floor(NORMALS_BYTES / width)));
  const out = new Uint8Array(chosen.length * width);
  chosen.forEach((row, index) => {
    for (let at = 0; at < width; at++) out[index * width + at] = Math.round(rows[row * width + at]!);
  });
  return out;
}

function toResult(
  { name, version, family, training, calibration }: ImageManifest,
  { config: { preset }, place, trained }: ExportImagesOptions,
  warnings: readonly string[],
): Omit<TrainResult, 'peakBytes'> {
  const { rows, rowsInSource, rollbacks, device, seconds, isMirrored, critics } = training;
  const { method, scores, falsePositiveRate } = calibration;
  return {
    ...{ model: place.out, name, version, family, preset, rows, rowsInSource, fields: 1, excluded: [] },
    calibration: { method, count: scores.length, falsePositiveRate },
    ...{ rollbacks, device, seconds, warnings, translates: [] },
    ...(isMirrored && { isMirrored }),
    ...(trained.game && { generator: paceOf(trained.game.phases) }),
    ...(critics && { critics }),
  };
}

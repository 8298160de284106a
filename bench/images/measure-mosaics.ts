import { createRandom } from '../../src/base/philox.ts';
import { resolveSettings } from '../../src/base/settings.ts';
import { imageCritic } from '../../src/models/families/image-critic.ts';
import {
  imageExplainGraph,
  imageScoringGraph,
  type TrainedImageCritic,
} from '../../src/models/images/scoring-graph.ts';
import { shrinkRows } from '../../src/models/images/shrink.ts';
import type { Planes } from '../../src/models/images/warp.ts';
import { ROWS_INPUT } from '../../src/models/scoring-graph.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { explainImages } from '../../src/scoring/explain-images.ts';
import { createTurns } from '../../src/scoring/turns.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { fitImageCritic, scoreImages } from '../../src/training/images/fit-images.ts';
import { UNHEARD } from './measure.ts';
import { DEFECTS, makeMosaics, MOSAIC, MOSAIC_WIDTH, type Defect, type Mosaics } from './mosaics.ts';

export const DETECTORS = ['patches', 'whole', 'nearest patches'] as const;
export type DetectorName = (typeof DETECTORS)[number];

/** What one seed gave; shares, not percent. */
export interface MosaicResult {
  readonly seed: number;
  readonly steps: number;
  readonly trainImages: number;
  readonly testImages: number;
  readonly auroc: Readonly<Record<DetectorName, Readonly<Record<Defect, number>>>>;
  /** Share of damaged mosaics whose hottest pixel lies in the defect or at most so many pixels from it. */
  readonly pointing: Readonly<Record<Defect, number>>;
  /** Processor time of training on patches, and the wall time of an image's score. */
  readonly trainSeconds: number;
  readonly scoreMilliseconds: number;
  readonly explainMilliseconds: number;
  /** How much more memory the process held at most while it scored ten images at a time. */
  readonly scoreMebibytes: number;
}

const COUNTS = { train: 120, test: 60 };
const PATCH = 32;
const EXPLAINED = 20;
/** Half the width of what smooths a heat map, twice over. */
export const NEAR_PIXELS = 4;

export async function measureMosaics(executor: Executor, seed: number, steps: number): Promise<MosaicResult> {
  const mosaics = await makeMosaics(seed, COUNTS);
  const before = process.cpuUsage();
  const patches = await fit(executor, { image: MOSAIC, rows: mosaics.train, seed }, { steps, patchSize: PATCH });
  const { user, system } = process.cpuUsage(before);
  const small = { ...MOSAIC, size: PATCH };
  const shrink = (rows: Float32Array): Float32Array => shrinkRows(rows, MOSAIC, PATCH);
  const whole = await fit(executor, { image: small, rows: shrink(mosaics.train), seed }, { steps });
  const judges: { readonly [D in DetectorName]: (rows: Float32Array) => Promise<Float32Array> } = {
    patches: (rows) => scoreImages(executor, MOSAIC, patches, rows),
    whole: (rows) => scoreImages(executor, small, whole, shrink(rows)),
    'nearest patches': (rows) => Promise.resolve(nearestPatches(mosaics.train, rows)),
  };
  const auroc = {} as Record<DetectorName, Record<Defect, number>>;
  for (const name of DETECTORS) auroc[name] = await aurocs(judges[name], mosaics);
  const cost = await costOfScoring(executor, patches, mosaics.good);
  return {
    ...{ seed, steps, trainImages: COUNTS.train, testImages: COUNTS.test, auroc },
    ...(await measurePointing(executor, patches, mosaics)),
    ...{ trainSeconds: (user + system) / 1e6, ...cost },
  };
}

interface Training {
  readonly image: Planes;
  readonly rows: Float32Array;
  readonly seed: number;
}

function fit(executor: Executor, { image, rows, seed }: Training, file: Readonly<Record<string, unknown>>) {
  const values = resolveSettings(imageCritic.settings, {
    flags: {},
    env: {},
    file: { imageSize: image.size, ...file },
  });
  const count = rows.length / (image.channels * image.size ** 2);
  const options = {
    ...{ executor, family: imageCritic, values, image, rows, random: createRandom(seed) },
    ...{ stepsPerCall: 25, foldSteps: 1, journal: UNHEARD, isMirrored: false },
  };
  return fitImageCritic(
    options,
    'final',
    Uint32Array.from({ length: count }, (_, row) => row),
  );
}

/** Good mosaics against the same ones with a defect. */
async function aurocs(judge: (rows: Float32Array) => Promise<Float32Array>, { good, damaged }: Mosaics) {
  const normal = await judge(good);
  const found = {} as Record<Defect, number>;
  for (const defect of DEFECTS) {
    const scores = [...normal, ...(await judge(damaged[defect]))];
    const labels = Uint8Array.from(scores, (_, at) => (at < normal.length ? 0 : 1));
    found[defect] = rankingMetrics(Float32Array.from(scores), labels).auroc;
  }
  return found;
}

/** The largest, over patches that overlap by half, of the distance to the nearest training patch at the same place. */
function nearestPatches(train: Float32Array, rows: Float32Array): Float32Array {
  const { channels, size } = MOSAIC;
  return Float32Array.from({ length: rows.length / MOSAIC_WIDTH }, (_, row) => {
    let most = 0;
    for (let top = 0; top + PATCH <= size; top += PATCH / 2) {
      for (let left = 0; left + PATCH <= size; left += PATCH / 2) {
        let least = Infinity;
        for (let other = 0; other < train.length; other += MOSAIC_WIDTH) {
          let distance = 0;
          for (let line = 0; line < channels * PATCH && distance < least; line++) {
            const start = (Math.floor(line / PATCH) * size + top + (line % PATCH)) * size + left;
            for (let at = start; at < start + PATCH; at++) {
              distance += (rows[row * MOSAIC_WIDTH + at]! - train[other + at]!) ** 2;
            }
          }
          least = Math.min(least, distance);
        }
        most = Math.max(most, least);
      }
    }
    return Math.sqrt(most);
  });
}

async function measurePointing(executor: Executor, critic: TrainedImageCritic, { train, damaged, masks }: Mosaics) {
  const session = await executor.compile(imageExplainGraph(MOSAIC, critic));
  const pointing = {} as Record<Defect, number>;
  const started = performance.now();
  for (const defect of DEFECTS) {
    const explanations = await explainImages(session, {
      field: { name: 'image', kind: 'image', channels: 3, size: MOSAIC.size, patchSize: PATCH },
      rows: damaged[defect].subarray(0, EXPLAINED * MOSAIC_WIDTH),
      ...{ scores: new Float32Array(EXPLAINED), pValues: new Float64Array(EXPLAINED) },
      ...{ normals: Uint8Array.from(train, Math.round), checkAlive: () => undefined, turn: createTurns() },
    });
    const hits = explanations.filter(({ image }, at) => isNear(masks[defect], at, image!.row, image!.column));
    pointing[defect] = hits.length / EXPLAINED;
  }
  const explainMilliseconds = (performance.now() - started) / (DEFECTS.length * EXPLAINED);
  await session.close();
  return { pointing, explainMilliseconds };
}

function isNear(masks: Uint8Array, at: number, row: number, column: number): boolean {
  const { size } = MOSAIC;
  for (let y = Math.max(0, row - NEAR_PIXELS); y <= Math.min(size - 1, row + NEAR_PIXELS); y++) {
    for (let x = Math.max(0, column - NEAR_PIXELS); x <= Math.min(size - 1, column + NEAR_PIXELS); x++) {
      if (masks[at * size ** 2 + y * size + x] === 1) return true;
    }
  }
  return false;
}

async function costOfScoring(executor: Executor, critic: TrainedImageCritic, good: Float32Array) {
  const session = await executor.compile(imageScoringGraph(MOSAIC, critic));
  const run = async (images: number): Promise<void> => {
    const data = good.subarray(0, images * MOSAIC_WIDTH);
    await session.run({ [ROWS_INPUT]: { data, shape: [images, MOSAIC_WIDTH] } });
  };
  await run(1);
  const started = performance.now();
  for (let at = 0; at < EXPLAINED; at++) await run(1);
  const scoreMilliseconds = (performance.now() - started) / EXPLAINED;
  const before = process.memoryUsage.rss();
  let most = before;
  for (let at = 0; at < 3; at++) {
    await run(10);
    most = Math.max(most, process.memoryUsage.rss());
  }
  await session.close();
  return { scoreMilliseconds, scoreMebibytes: (most - before) / 2 ** 20 };
}

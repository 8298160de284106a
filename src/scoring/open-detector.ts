import { AristarchError } from '../base/errors.ts';
import { readWidestKernel } from '../graph/onnx/read-kernels.ts';
import { CRITIC_FILE, EXPLAIN_FILE, NORMALS_FILE } from '../models/artefact/layout.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { readArtefact, type Artefact } from '../models/artefact/read.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../models/scoring-graph.ts';
import { createEncoder, type Encoder } from '../models/features/encode.ts';
import { createJsonRowReader } from '../models/features/json-rows.ts';
import { rowWidth, slotNames, type FeatureSchema } from '../models/features/schema.ts';
import { openImageDecoder } from '../models/images/decode-image.ts';
import { createImageEncoder } from '../models/images/encode-images.ts';
import { openImageFolder } from '../models/images/image-folder.ts';
import { widthOfFile, type Work } from '../runtime/choice/work.ts';
import type { Executor, NamedArrays, Session } from '../runtime/executor.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import type {
  Detector,
  DetectorDescription,
  Explanation,
  GroupSummary,
  OpenDetectorOptions,
  RawRecord,
  ScoreBatch,
} from './detector.ts';
import { explainImages } from './explain-images.ts';
import { checkTopK, explainRows, notExplainable } from './explain.ts';
import { createRowCalibration, type CalibratedGroup, type RowCalibration } from './group-calibration.ts';
import { INLINE } from './inference/inference.ts';
import { type Critic, openCritic } from './inference/open-critic.ts';
import { trialRows as makeTrialRows } from './inference/trial-rows.ts';
import { createTracker } from './tracker.ts';
import { createTurns } from './turns.ts';

/** Rows that go through the critic at a time: bounds memory, and is past the size at which more rows run faster per row. */
const CHUNK_ROWS = 4096;
/** Values of wide rows, such as images, that go through at a time. */
const CHUNK_VALUES = 2 ** 21;

/**
 * Opens a model's folder for scoring. Throws what `readArtefact` throws, and `DEVICE_UNAVAILABLE` where the device cannot be
 * used. Default: the device `auto` on one thread, which is fastest for critics of this size; more processes scale better.
 */
export async function openDetector(folder: string, options: OpenDetectorOptions = {}): Promise<Detector> {
  const artefact = await readArtefact(folder, options);
  const calibration = createRowCalibration(artefact.manifest);
  const { device = 'auto', threads = 1, warn = () => undefined, inference = INLINE } = options;
  const { name, features } = artefact.manifest;
  const read = () => artefact.read(CRITIC_FILE);
  const work = device === 'auto' ? workOf(features, await read(), options.rowsPerCall) : undefined;
  const { columns } = artefact.manifest.fingerprint;
  const trialRows = features.image === undefined ? () => makeTrialRows(features, columns) : undefined;
  const executor = await openExecutor({ device, threads, warn, work });
  try {
    const encoder = await openEncoder(features, options);
    const own = { name, executor, inference, threads, rowWidth: rowWidth(features), read, trialRows };
    return createDetector(artefact, { calibration, executor, critic: await openCritic(own), encoder });
  } catch (thrown) {
    await executor.close();
    throw thrown;
  }
}

/** By which `auto` chooses. */
function workOf(schema: FeatureSchema, critic: Uint8Array, rows = CHUNK_ROWS): Work {
  const { image } = schema;
  if (!image) return { kind: 'scoring', rows, width: widthOfFile(critic) };
  const images = Math.min(rows, rowsOfChunk(rowWidth(schema)));
  return { kind: 'images', images, size: image.size, channels: readWidestKernel(critic) };
}

async function openEncoder(schema: FeatureSchema, { imageFolder }: OpenDetectorOptions): Promise<Encoder> {
  if (!schema.image) return createEncoder(schema);
  const folder = imageFolder === undefined ? undefined : openImageFolder(imageFolder);
  return createImageEncoder(schema.image, await openImageDecoder(), folder);
}

interface DetectorParts {
  readonly calibration: RowCalibration;
  readonly executor: Executor;
  readonly critic: Critic;
  readonly encoder: Encoder;
}

function createDetector(artefact: Artefact, { calibration, executor, critic, encoder }: DetectorParts): Detector {
  const description = describe(artefact.manifest, calibration, executor, critic);
  const explainSession = createOpenOnce(async () => {
    if (!Object.hasOwn(artefact.manifest.files, EXPLAIN_FILE)) throw notExplainable(description);
    return critic.openBeside(() => artefact.read(EXPLAIN_FILE));
  });
  const { track, settle } = createTracker();
  const turn = createTurns();
  let closing: Promise<void> | undefined;
  const checkOpen = () => {
    if (closing !== undefined) throw wasClosed(description);
  };
  const encode = (records: readonly RawRecord[]) => encoder(records);
  const close = async () => {
    await settle();
    await critic.session.close();
    await explainSession.close();
    await executor.close();
  };
  const judge = (packed: Float32Array, scores: Float32Array, falsePositiveRate: number): ScoreBatch =>
    Object.assign(calibration.judge(packed, scores, falsePositiveRate), { scores, falsePositiveRate });
  const scoreNow = (runNow: RunNow, packed: Float32Array, rate = description.falsePositiveRate): ScoreBatch => {
    checkOpen();
    calibration.thresholdAt(rate);
    return judge(packed, runCriticNow(runNow, checkWidth(packed, description), description), rate);
  };
  const { runNow } = critic.session;
  return {
    description,
    ...{ encode, encodeJson: jsonEncoder(description), thresholdAt: calibration.thresholdAt },
    async score(rows, { falsePositiveRate = description.falsePositiveRate } = {}) {
      checkOpen();
      // An impossible rate is refused before any row is looked at.
      calibration.thresholdAt(falsePositiveRate);
      const packed = rows instanceof Float32Array ? checkWidth(rows, description) : encode(rows);
      const scores = runCritic(critic.session, packed, description);
      return track(scores.then((found) => judge(packed, found, falsePositiveRate)));
    },
    scoreNow: runNow && ((packed, falsePositiveRate) => scoreNow(runNow, packed, falsePositiveRate)),
    async explain(rows, { topK, checkAlive = () => undefined } = {}) {
      checkOpen();
      checkTopK(topK);
      const packed = rows instanceof Float32Array ? checkWidth(rows, description) : encode(rows);
      const explain = async (): Promise<Explanation[]> => {
        const explainer = await explainSession.open();
        const scores = await runCritic(critic.session, packed, description);
        const records = rows instanceof Float32Array ? undefined : rows;
        const pValues = calibration.pValuesOf(packed, scores);
        const { image } = description.schema;
        if (image) {
          const normals = await artefact.read(NORMALS_FILE);
          return explainImages(explainer, { field: image, rows: packed, scores, pValues, normals, checkAlive, turn });
        }
        return explainRows(explainer, description, { rows: packed, scores, pValues, records, topK, checkAlive, turn });
      };
      return track(explain());
    },
    close: () => (closing ??= close()),
  };
}

function jsonEncoder({ schema }: DetectorDescription): Detector['encodeJson'] {
  return schema.image ? undefined : createJsonRowReader(schema);
}

function wasClosed({ name }: DetectorDescription): AristarchError {
  return new AristarchError('PRECONDITION_FAILED', `model "${name}" was closed: open it again`);
}

/** A session that is opened when it is first needed; when that fails, the next call tries again. */
function createOpenOnce(load: () => Promise<Session>): { open(): Promise<Session>; close(): Promise<void> } {
  let opening: Promise<Session> | undefined;
  return {
    open: () => {
      opening ??= load().catch((thrown: unknown) => {
        opening = undefined;
        throw thrown;
      });
      return opening;
    },
    close: async () => {
      await (await opening)?.close();
    },
  };
}

function describe(
  manifest: Manifest,
  calibration: RowCalibration,
  { device, description: engine, hardware }: Executor,
  { inlineRows }: Critic,
): DetectorDescription {
  const schema = manifest.features;
  return {
    name: manifest.name,
    version: manifest.version,
    family: manifest.family,
    schema,
    rowWidth: rowWidth(schema),
    slotNames: slotNames(schema),
    falsePositiveRate: manifest.calibration.falsePositiveRate,
    calibration: {
      method: manifest.calibration.method,
      count: calibration.pooled.count,
      smallestFalsePositiveRate: calibration.smallestRate,
      ...(calibration.groups.length > 0 && { groups: calibration.groups.map(summarise) }),
    },
    trainedAt: manifest.createdAt,
    trainingRows: manifest.training.rows,
    ...(schema.image === undefined && { trainingColumns: manifest.fingerprint.columns }),
    ...{ device, engine, hardware },
    ...(inlineRows !== Infinity && { inlineRows }),
  };
}

function summarise({ name, calibration: { count, smallestRate } }: CalibratedGroup): GroupSummary {
  return { name, count, smallestFalsePositiveRate: smallestRate };
}

function checkWidth(rows: Float32Array, { rowWidth: width, name }: DetectorDescription): Float32Array {
  if (rows.length % width === 0) return rows;
  const message = `${rows.length} packed values are no whole number of rows: model "${name}" takes ${width} values a row`;
  throw new AristarchError('SCHEMA_MISMATCH', message, { values: rows.length, rowWidth: width });
}

/** rows [n, width] -> scores [n]. */
async function runCritic(
  session: Session,
  rows: Float32Array,
  description: DetectorDescription,
): Promise<Float32Array> {
  const scores = new Float32Array(rows.length / description.rowWidth);
  for (const chunk of chunksOf(rows, description))
    takeScores(await session.run(chunk.feeds), chunk, scores, description);
  return scores;
}

type RunNow = NonNullable<Session['runNow']>;

/** The same, on this thread. */
function runCriticNow(runNow: RunNow, rows: Float32Array, description: DetectorDescription): Float32Array {
  const scores = new Float32Array(rows.length / description.rowWidth);
  for (const chunk of chunksOf(rows, description)) takeScores(runNow(chunk.feeds), chunk, scores, description);
  return scores;
}

/** What goes through the critic at a time. */
interface Chunk {
  readonly firstRow: number;
  readonly feeds: NamedArrays;
}

function chunksOf(rows: Float32Array, { rowWidth: width }: DetectorDescription): Chunk[] {
  const chunks: Chunk[] = [];
  const most = rowsOfChunk(width);
  for (let firstRow = 0; firstRow * width < rows.length; firstRow += most) {
    const chunk = rows.subarray(firstRow * width, (firstRow + most) * width);
    const feeds = { [ROWS_INPUT]: { data: chunk, shape: [chunk.length / width, width] } };
    chunks.push({ firstRow, feeds });
  }
  return chunks;
}

/** Rows of so many values that go through at a time. */
const rowsOfChunk = (width: number): number => Math.max(2, Math.min(CHUNK_ROWS, Math.floor(CHUNK_VALUES / width)));

function takeScores(
  results: NamedArrays,
  { firstRow, feeds }: Chunk,
  into: Float32Array,
  description: DetectorDescription,
): void {
  into.set(checkScores(results[SCORES_OUTPUT]?.data, feeds[ROWS_INPUT]!.shape[0]!, firstRow, description), firstRow);
}

function checkScores(
  scores: Float32Array | undefined,
  count: number,
  firstRow: number,
  { name }: DetectorDescription,
): Float32Array {
  if (scores?.length !== count) {
    const fault =
      scores === undefined ? 'has no output "scores"' : `answered ${scores.length} scores for ${count} rows`;
    throw new AristarchError('ARTEFACT_INVALID', `${CRITIC_FILE} of model "${name}" ${fault}: train again`, { name });
  }
  let bad = 0;
  while (bad < scores.length && Number.isFinite(scores[bad])) bad++;
  if (bad === scores.length) return scores;
  const row = firstRow + bad;
  const message = `model "${name}" gave row ${row} the score ${String(scores[bad])}: it cannot judge this row; train again`;
  throw new AristarchError('ARTEFACT_INVALID', message, { name, row });
}

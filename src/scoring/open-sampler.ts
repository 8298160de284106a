import { AristarchError } from '../base/errors.ts';
import { createRandom, type RandomStream } from '../base/philox.ts';
import { readInputWidths } from '../graph/onnx/read-inputs.ts';
import { readWidestKernel } from '../graph/onnx/read-kernels.ts';
import { GENERATOR_FILE } from '../models/artefact/layout.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { readArtefact } from '../models/artefact/read.ts';
import { decodeRecords } from '../models/features/decode.ts';
import { conditionNames, conditionSlots, generatedSchema, rowWidth, slotNames } from '../models/features/schema.ts';
import { CONDITION_INPUT, GENERATED_OUTPUT, LATENT_INPUT } from '../models/generator-graph.ts';
import { imagesPerBlock } from '../models/images/blocks.ts';
import { styleFeeds, styleWidths } from '../models/stylegan/style-inputs.ts';
import type { Executor, NamedArrays, Session } from '../runtime/executor.ts';
import { widthOfFile, type Work } from '../runtime/choice/work.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import { drawConditions, takeConditions, type ConditionSource } from './sample-conditions.ts';
import {
  blockRowsOf,
  SAMPLE_BLOCK_ROWS,
  type OpenSamplerOptions,
  type SampleOptions,
  type Sampler,
  type StyledImage,
  type SamplerDescription,
} from './sampler.ts';
import { createTracker } from './tracker.ts';

/**
 * Opens a model's folder for sampling. Throws what `readArtefact` throws, `PRECONDITION_FAILED` where the model was trained
 * without a generator, and `DEVICE_UNAVAILABLE` where the device cannot be used.
 */
export async function openSampler(folder: string, options: OpenSamplerOptions = {}): Promise<Sampler> {
  const { manifest, read } = await readArtefact(folder, options);
  if (!Object.hasOwn(manifest.files, GENERATOR_FILE)) throw notSampling(manifest);
  const generator = await read(GENERATOR_FILE);
  const { device = 'auto', threads = 1, warn = () => undefined } = options;
  const { image } = manifest.features;
  const work: Work = image
    ? {
        ...{ kind: 'images', images: imagesPerBlock(image.size), size: image.size },
        channels: readWidestKernel(generator),
      }
    : { kind: 'scoring', rows: SAMPLE_BLOCK_ROWS, width: widthOfFile(generator) };
  const executor = await openExecutor({ device, threads, warn, work });
  try {
    const widths = readInputWidths(generator);
    return createSampler(describe(manifest, widths, executor), executor, await executor.load(generator));
  } catch (thrown) {
    await executor.close();
    throw thrown;
  }
}

function notSampling({ name }: Manifest): AristarchError {
  const message = `model "${name}" has no ${GENERATOR_FILE}: it was trained with --no-generator or --critic-only; train it again without`;
  return new AristarchError('PRECONDITION_FAILED', message, { model: name });
}

function describe(
  manifest: Manifest,
  widths: Readonly<Record<string, number>>,
  { device }: Executor,
): SamplerDescription {
  const { name, version, family, features, fingerprint } = manifest;
  const schema = generatedSchema(features);
  return {
    ...{ name, version, family, schema, device, latent: widths[LATENT_INPUT] ?? 0, styles: styleWidths(widths) },
    rowWidth: rowWidth(schema),
    conditions: conditionNames(schema),
    slotNames: slotNames(schema),
    trainingColumns: fingerprint.columns,
  };
}

function createSampler(description: SamplerDescription, executor: Executor, session: Session): Sampler {
  const { name, schema } = description;
  const { track, settle } = createTracker();
  let closing: Promise<void> | undefined;
  const checkOpen = () => {
    if (closing === undefined) return;
    throw new AristarchError('PRECONDITION_FAILED', `model "${name}" was closed: open it again`);
  };
  const close = async () => {
    await settle();
    await session.close();
    await executor.close();
  };
  return {
    description,
    sample: (count, options) => {
      checkOpen();
      const { firstRow = 0 } = options;
      checkRows({ count, firstRow });
      const make = createMaker(session, description, count, options);
      const makeBlock = async (block: number) => {
        checkOpen();
        return track(make(block));
      };
      return sampleRows(makeBlock, description, firstRow, count);
    },
    sampleStyled: async (images, options) => {
      checkOpen();
      return track(makeStyled(session, description, images, options));
    },
    decode: (rows) => decodeRecords(schema, rows),
    close: () => (closing ??= close()),
  };
}

function checkRows(rows: { readonly count: number; readonly firstRow: number }): void {
  const isPlace = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
  const wrong = Object.entries(rows).find(([, value]) => !isPlace(value));
  if (wrong === undefined && isPlace(rows.firstRow + rows.count)) return;
  const [name, value] = wrong ?? ['firstRow', rows.firstRow];
  throw new AristarchError('INVALID_INPUT', `${name} is ${value}: give a whole number from 0 on`, { [name]: value });
}

/** Rows [firstRow, firstRow + count) of the blocks' endless sequence. */
async function* sampleRows(
  makeBlock: (block: number) => Promise<Float32Array>,
  { rowWidth: width, schema }: SamplerDescription,
  firstRow: number,
  count: number,
): AsyncGenerator<Float32Array> {
  const blockRows = blockRowsOf(schema);
  const end = firstRow + count;
  for (let row = firstRow; row < end;) {
    const block = Math.floor(row / blockRows);
    const start = block * blockRows;
    const to = Math.min(end, start + blockRows);
    const rows = await makeBlock(block);
    yield rows.subarray((row - start) * width, (to - start) * width);
    row = to;
  }
}

/** Makes block k of the sequence of a seed. */
function createMaker(
  session: Session,
  description: SamplerDescription,
  count: number,
  options: SampleOptions,
): (block: number) => Promise<Float32Array> {
  const { latent, styles } = description;
  const { truncation } = options;
  const blockRows = blockRowsOf(description.schema);
  const noise = latentStream(options.seed);
  if (truncation !== undefined && styles === null) throw notStyled(description);
  const styled = styles === null ? {} : styleFeeds(styles, blockRows, { truncation });
  const conditions = createConditions(description, count, options);
  const slots = conditionSlots(description.schema).length;
  return async (block) => {
    const z = new Float32Array(blockRows * latent);
    noise.fillNormal(z, block);
    const given = { data: await conditions(block), shape: [blockRows, slots] };
    return runGenerator(session, description, blockRows, {
      [LATENT_INPUT]: { data: z, shape: [blockRows, latent] },
      ...(slots > 0 && { [CONDITION_INPUT]: given }),
      ...styled,
    });
  };
}

const latentStream = (seed: number | bigint): RandomStream => createRandom(seed).stream('sample', 'latent');

async function runGenerator(
  session: Session,
  { name, rowWidth: width }: SamplerDescription,
  count: number,
  feeds: NamedArrays,
): Promise<Float32Array> {
  const rows = (await session.run(feeds))[GENERATED_OUTPUT];
  if (rows?.data.length === count * width) return rows.data;
  const message = `${GENERATOR_FILE} of model "${name}" does not answer rows of ${width} values: train the model again`;
  throw new AristarchError('ARTEFACT_INVALID', message, { model: name });
}

/** Images of two styles each, a block at a time. */
async function makeStyled(
  session: Session,
  description: SamplerDescription,
  images: readonly StyledImage[],
  { seed, truncation, condition = {} }: Pick<SampleOptions, 'seed' | 'truncation' | 'condition'>,
): Promise<Float32Array> {
  const { styles, latent, rowWidth: width, schema } = description;
  if (styles === null) throw notStyled(description);
  const blockRows = blockRowsOf(schema);
  const latentOf = latentReader(seed, latent, blockRows);
  const conditions = drawConditions(description, condition, createRandom(seed));
  const slots = conditionSlots(schema).length;
  const rows = new Float32Array(images.length * width);
  for (let from = 0; from < images.length; from += blockRows) {
    const part = images.slice(from, from + blockRows);
    const other = new Float32Array(part.length * styles.z);
    const z = new Float32Array(part.length * latent);
    part.forEach((image, index) => {
      z.set(latentOf(image.row), index * latent);
      other.set(latentOf(image.other).subarray(0, styles.z), index * styles.z);
    });
    const given = new Float32Array(part.length * slots);
    for (const [index, { row }] of part.entries()) {
      const at = (row % blockRows) * slots;
      given.set((await conditions(Math.floor(row / blockRows))).subarray(at, at + slots), index * slots);
    }
    const shares = Float32Array.from(part.flatMap((image) => image.shares));
    const feeds = {
      [LATENT_INPUT]: { data: z, shape: [part.length, latent] },
      ...(slots > 0 && { [CONDITION_INPUT]: { data: given, shape: [part.length, slots] } }),
      ...styleFeeds(styles, part.length, { other, shares, truncation }),
    };
    rows.set(await runGenerator(session, description, part.length, feeds), from * width);
  }
  return rows;
}

/** The latent of a row of a seed's sequence, as its block has it. */
function latentReader(seed: number | bigint, latent: number, blockRows: number): (row: number) => Float32Array {
  const stream = latentStream(seed);
  const blocks = new Map<number, Float32Array>();
  return (row) => {
    const block = Math.floor(row / blockRows);
    const z = blocks.get(block) ?? new Float32Array(blockRows * latent);
    if (!blocks.has(block)) stream.fillNormal(z, block);
    blocks.set(block, z);
    const at = (row % blockRows) * latent;
    return z.subarray(at, at + latent);
  };
}

function notStyled({ name }: SamplerDescription): AristarchError {
  const message = `the generator of model "${name}" has no styles: truncation and mixing are for models of images (train --family stylegan)`;
  return new AristarchError('PRECONDITION_FAILED', message, { model: name });
}

function createConditions(
  description: SamplerDescription,
  count: number,
  { seed, firstRow = 0, condition = {}, conditionRows }: SampleOptions,
): ConditionSource {
  if (conditionRows === undefined) return drawConditions(description, condition, createRandom(seed));
  return takeConditions(description, conditionRows, firstRow, count);
}

import { AristarchError } from '../base/errors.ts';
import { createRandom } from '../base/philox.ts';
import { readInputWidths } from '../graph/onnx/read-inputs.ts';
import { GENERATOR_FILE } from '../models/artefact/layout.ts';
import type { Manifest } from '../models/artefact/manifest.ts';
import { readArtefact } from '../models/artefact/read.ts';
import { decodeRecords } from '../models/features/decode.ts';
import { conditionNames, conditionSlots, rowWidth, slotNames } from '../models/features/schema.ts';
import { CONDITION_INPUT, GENERATED_OUTPUT, LATENT_INPUT } from '../models/generator-graph.ts';
import type { Executor, Session } from '../runtime/executor.ts';
import { openExecutor } from '../runtime/open-executor.ts';
import { drawConditions, takeConditions, type ConditionSource } from './sample-conditions.ts';
import {
  SAMPLE_BLOCK_ROWS,
  type OpenSamplerOptions,
  type SampleOptions,
  type Sampler,
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
  const executor = await openExecutor({ device, threads, warn });
  try {
    const latent = readInputWidths(generator)[LATENT_INPUT] ?? 0;
    return createSampler(describe(manifest, latent, executor), executor, await executor.load(generator));
  } catch (thrown) {
    await executor.close();
    throw thrown;
  }
}

function notSampling({ name }: Manifest): AristarchError {
  const message = `model "${name}" has no ${GENERATOR_FILE}: it was trained with --no-generator; train it again without`;
  return new AristarchError('PRECONDITION_FAILED', message, { model: name });
}

function describe(manifest: Manifest, latent: number, { device }: Executor): SamplerDescription {
  const { name, version, family, features: schema, fingerprint } = manifest;
  return {
    ...{ name, version, family, schema, latent, device },
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
      return sampleRows(makeBlock, description.rowWidth, firstRow, count);
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
  width: number,
  firstRow: number,
  count: number,
): AsyncGenerator<Float32Array> {
  const end = firstRow + count;
  for (let row = firstRow; row < end;) {
    const block = Math.floor(row / SAMPLE_BLOCK_ROWS);
    const start = block * SAMPLE_BLOCK_ROWS;
    const to = Math.min(end, start + SAMPLE_BLOCK_ROWS);
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
  const { name, latent, rowWidth: width } = description;
  const noise = createRandom(options.seed).stream('sample', 'latent');
  const conditions = createConditions(description, count, options);
  const slots = conditionSlots(description.schema).length;
  return async (block) => {
    const z = new Float32Array(SAMPLE_BLOCK_ROWS * latent);
    noise.fillNormal(z, block);
    const given = { data: await conditions(block), shape: [SAMPLE_BLOCK_ROWS, slots] };
    const results = await session.run({
      [LATENT_INPUT]: { data: z, shape: [SAMPLE_BLOCK_ROWS, latent] },
      ...(slots > 0 && { [CONDITION_INPUT]: given }),
    });
    const rows = results[GENERATED_OUTPUT];
    if (rows?.data.length === SAMPLE_BLOCK_ROWS * width) return rows.data;
    const message = `${GENERATOR_FILE} of model "${name}" does not answer rows of ${width} values: train the model again`;
    throw new AristarchError('ARTEFACT_INVALID', message, { model: name });
  };
}

function createConditions(
  description: SamplerDescription,
  count: number,
  { seed, firstRow = 0, condition = {}, conditionRows }: SampleOptions,
): ConditionSource {
  if (conditionRows === undefined) return drawConditions(description, condition, createRandom(seed));
  return takeConditions(description, conditionRows, firstRow, count);
}

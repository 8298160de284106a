import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../src/base/files.ts';
import { createRandom } from '../../src/base/philox.ts';
import { createGraph, type Graph } from '../../src/graph/graph.ts';
import {
  add,
  clip,
  convolveTransposed,
  divide,
  gatherRows,
  input,
  leakyRelu,
  matMul,
  mean,
  multiply,
  relu,
  reshape,
  sqrt,
  square,
  subtract,
  tanh,
} from '../../src/graph/operations.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { writeGame, type GameRules } from '../../src/models/adversarial/game.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import { GENERATED_OUTPUT, LATENT_INPUT } from '../../src/models/generator-graph.ts';
import { PIXEL_MIDDLE } from '../../src/models/images/image-critic.ts';
import type { Planes } from '../../src/models/images/warp.ts';
import { createConvolution } from '../../src/models/layers/convolution.ts';
import type { Network, Parameter, ParameterValues } from '../../src/models/layers/parameters.ts';
import { constants } from '../../src/models/scoring-graph.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { decodeProgress, encodeProgress } from '../../src/training/progress-file.ts';
import { runTask } from '../../src/training/steps/run-task.ts';
import { CACHE, cpuSeconds } from './train.ts';

/** Radford, Metz and Chintala 2016, section 4 and figure 1, with half of its batch and fewer channels: a CPU has minutes for it. */
const [LATENT, BATCH, WIDTH, SLOPE, DEVIATION] = [100, 64, 32, 0.2, 0.02];
const VARIANCE_FLOOR = 1e-5;
const SMALLEST = 4;

const RULES: GameRules = {
  ...{ objective: 'non-saturating', criticSteps: 1, order: 'alternating', generatorAverage: 0 },
  regulariser: { kind: 'none', weight: 0, interval: 1 },
  criticOptimiser: { kind: 'adam', beta1: 0.5, beta2: 0.999, epsilon: 1e-8, learningRate: () => 2e-4 },
  generatorOptimiser: { kind: 'adam', beta1: 0.5, beta2: 0.999, epsilon: 1e-8, learningRate: () => 2e-4 },
};

/** Batch normalisation of [n, channels, h, w], over each of so many batches by itself: their own statistics, also where images are made. */
function createBatchNorm(name: string, channels: number) {
  const scale: Parameter = { name: `${name}.scale`, shape: [channels], deviation: 0 }; // its difference from 1
  const offset: Parameter = { name: `${name}.offset`, shape: [channels], deviation: 0 };
  return {
    parameters: [scale, offset],
    apply: (x: Tensor, values: ParameterValues, batches = 1): Tensor => {
      const [n, , h, w] = x.shape.map(Number) as [number, number, number, number];
      const grouped = reshape(x, [batches, n / batches, channels, h * w]);
      const centred = subtract(grouped, mean(grouped, [1, 3], true));
      const deviation = sqrt(add(mean(square(centred), [1, 3], true), VARIANCE_FLOOR));
      const per = (of: Parameter): Tensor => reshape(values(of), [1, channels, 1, 1]);
      return add(multiply(reshape(divide(centred, deviation), [n, channels, h, w]), add(per(scale), 1)), per(offset));
    },
  };
}

/** Channels at a height: twice as many at half of it. */
const channelsAt = ({ size }: Planes, at: number): number => (WIDTH * size) / (2 * at);

function createGenerator(image: Planes): Network {
  const top = channelsAt(image, SMALLEST);
  const weight: Parameter = { name: 'generator.dense', shape: [LATENT, top * SMALLEST ** 2], deviation: DEVIATION };
  const first = createBatchNorm('generator.dense', top);
  const layers = Array.from({ length: Math.log2(image.size / SMALLEST) }, (_, index) => {
    const to = SMALLEST * 2 ** (index + 1);
    const [from, out] = [channelsAt(image, to / 2), to === image.size ? image.channels : channelsAt(image, to)];
    const kernel: Parameter = { name: `generator.${to}`, shape: [from, out, 4, 4], deviation: DEVIATION };
    return { to, out, kernel, norm: to === image.size ? null : createBatchNorm(`generator.${to}`, out) };
  });
  return {
    parameters: [
      ...[weight, ...first.parameters],
      ...layers.flatMap(({ kernel, norm }) => [kernel, ...(norm?.parameters ?? [])]),
    ],
    apply: (z, values) => {
      const dense = reshape(matMul(z, values(weight)), [z.shape[0]!, top, SMALLEST, SMALLEST]);
      const last = layers.reduce(
        (h, { to, kernel, norm }) => {
          const wide = convolveTransposed(h, values(kernel), { stride: 2, padding: 1, size: [to, to] });
          return norm ? relu(norm.apply(wide, values)) : tanh(wide);
        },
        relu(first.apply(dense, values)),
      );
      return reshape(last, [z.shape[0]!, image.channels * image.size ** 2]);
    },
  };
}

function createCritic(image: Planes): Network {
  const layers = Array.from({ length: Math.log2(image.size / SMALLEST) }, (_, index) => {
    const to = image.size / 2 ** (index + 1);
    const channels = index === 0 ? image.channels : channelsAt(image, 2 * to);
    const out = channelsAt(image, to);
    const convolution = createConvolution({
      ...{ name: `critic.${to}`, channels, out, kernel: 4, stride: 2, padding: 1, slope: SLOPE },
    });
    const [kernel, bias] = convolution.parameters;
    const parameters = [{ ...kernel!, deviation: DEVIATION }, bias!];
    return { convolution, parameters, norm: index === 0 ? null : createBatchNorm(`critic.${to}`, out) };
  });
  const flat = channelsAt(image, SMALLEST) * SMALLEST ** 2;
  const last: Parameter = { name: 'critic.last', shape: [flat, 1], deviation: DEVIATION };
  return {
    parameters: [...layers.flatMap(({ parameters, norm }) => [...parameters, ...(norm?.parameters ?? [])]), last],
    apply: (rows, values, pass) => {
      const n = rows.shape[0]!;
      const named: ParameterValues = (parameter) =>
        values(parameter.name.endsWith('.weight') ? { ...parameter, deviation: DEVIATION } : parameter);
      const h = layers.reduce(
        (below, { convolution, norm }) => {
          const out = convolution.apply(below, named);
          return leakyRelu(norm ? norm.apply(out, values, pass?.batches ?? 1) : out, SLOPE);
        },
        reshape(rows, [n, image.channels, image.size, image.size]),
      );
      return matMul(reshape(h, [n, flat]), values(last));
    },
  };
}

/** A DCGAN's training on so many images, as rows in -1 .. 1; steps without end: whoever runs it looks at the clock. */
export function planDcgan(image: Planes, count: number, steps: number): TrainingTask {
  const step = createStepBuilder();
  const table = step.shared(TRAINING_ROWS, [count, image.channels * image.size ** 2]);
  const [generator, critic] = [createGenerator(image), createCritic(image)];
  writeGame(
    step,
    {
      ...{ critic, generator, free: null },
      real: (_, turn) => gatherRows(table, step.integers(`rowIndices.${turn}`, [BATCH], count)),
      fake: (_, turn) => generator.apply(step.normal(`latent.${turn}`, [BATCH, LATENT]), step.parameters),
      mixing: (_, turn) => step.uniform(`mix.${turn}`, [BATCH, 1]),
    },
    RULES,
  );
  return step.finish({ name: 'dcgan', title: 'DCGAN', steps, updatesPerStep: 1 });
}

export interface DcganRun {
  /** Raw rows in 0 .. 255. */
  readonly images: Float32Array;
  readonly seen: number;
  readonly seconds: number;
}

export interface DcganOptions {
  /** Of CPU, that it trains for; those of a run that was cut count. */
  readonly seconds: number;
  /** Images that it makes afterwards. */
  readonly count: number;
  /** Name of its checkpoint, from which a run that was cut goes on. */
  readonly name: string;
}

/** Seconds of CPU between two checkpoints. */
const CHECKPOINT_SECONDS = 30;

/** Trains a DCGAN for so many seconds of CPU on raw rows, and makes images, a batch of its training at a time. */
export async function runDcgan(
  executor: Executor,
  image: Planes,
  rows: Float32Array,
  { seconds, count, name }: DcganOptions,
): Promise<DcganRun> {
  const width = image.channels * image.size ** 2;
  const table = { data: rows.map((pixel) => pixel / PIXEL_MIDDLE - 1), shape: [rows.length / width, width] };
  const task = planDcgan(image, rows.length / width, 1_000_000);
  const place = join(CACHE, `${name}.state`);
  const kept = existsSync(place) ? decodeProgress(place, await readFile(place)) : undefined;
  const before = kept ? Number(await readFile(`${place}.seconds`, 'utf8')) : 0;
  let startedAt = cpuSeconds();
  const took = (): number => before + cpuSeconds() - startedAt;
  let savedAt = before;
  const progress = await runTask({
    ...{ executor, task, table, random: createRandom(1), stepsPerCall: 10, ...(kept && { resumeFrom: kept }) },
    onStart: () => (startedAt = cpuSeconds()),
    onProgress: async (now) => {
      const isDone = took() >= seconds;
      if (isDone || took() - savedAt >= CHECKPOINT_SECONDS) {
        savedAt = took();
        await writeFileAtomic(place, encodeProgress(now));
        await writeFileAtomic(`${place}.seconds`, `${savedAt}`);
      }
      return isDone ? 'stop' : 'continue';
    },
  });
  const images = await makeImages(executor, dcganGraph(image, progress.state), count);
  return { images, seen: progress.stepsDone * BATCH, seconds: savedAt };
}

function dcganGraph(image: Planes, weights: Readonly<Record<string, Float32Array>>): Graph {
  const z = input(LATENT_INPUT, [BATCH, LATENT]);
  const images = createGenerator(image).apply(z, constants(weights));
  const pixels = clip(multiply(add(images, 1), PIXEL_MIDDLE), 0, 255);
  return simplify(createGraph('dcgan', [z], { [GENERATED_OUTPUT]: pixels }));
}

async function makeImages(executor: Executor, graph: Graph, count: number): Promise<Float32Array> {
  const stream = createRandom(7).stream('dcgan');
  const session = await executor.compile(graph);
  const parts: number[][] = [];
  for (let block = 0; block * BATCH < count; block++) {
    const data = new Float32Array(BATCH * LATENT);
    stream.fillNormal(data, block);
    const { [GENERATED_OUTPUT]: made } = await session.run({ [LATENT_INPUT]: { data, shape: [BATCH, LATENT] } });
    parts.push([...made!.data]);
  }
  await session.close();
  return Float32Array.from(parts.flat()).subarray(0, count * Number(graph.outputs[GENERATED_OUTPUT]!.shape[1]));
}

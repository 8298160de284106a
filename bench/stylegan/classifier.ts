import { createRandom } from '../../src/base/philox.ts';
import { createGraph } from '../../src/graph/graph.ts';
import {
  add,
  columns,
  exp,
  gatherRows,
  input,
  leakyRelu,
  log,
  matMul,
  max,
  mean,
  multiply,
  negate,
  reshape,
  subtract,
  sum,
} from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';
import type { Planes } from '../../src/models/images/warp.ts';
import { createConvolution, heDeviation } from '../../src/models/layers/convolution.ts';
import type { Parameter, ParameterValues } from '../../src/models/layers/parameters.ts';
import { updateParameters } from '../../src/models/optimisers/optimiser.ts';
import { SCHEDULES } from '../../src/models/optimisers/schedules.ts';
import { constants } from '../../src/models/scoring-graph.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { Executor } from '../../src/runtime/executor.ts';
import { runTask } from '../../src/training/steps/run-task.ts';

/** Width of the features: what the layer before the last one says of an image. */
export const FEATURES = 32;
const [WIDTH, BATCH_SIZE, STEPS, RATE, SLOPE] = [16, 64, 600, 2e-3, 0.2];
const IMAGES_PER_CALL = 500;

export interface Classifier {
  /** Raw rows [n, channels size size] in 0 .. 255 -> features [n, FEATURES], and the likeliest class of each row. */
  look(rows: Float32Array): Promise<{ readonly features: Float32Array; readonly classes: Uint8Array }>;
  close(): Promise<void>;
}

/** A small convolutional classifier, trained on images and their classes 0 .. classes - 1: 4x4 convolutions by 2 down to 4 x 4. */
export async function trainClassifier(
  executor: Executor,
  image: Planes,
  data: { readonly rows: Float32Array; readonly classes: readonly number[] },
  classes: number,
): Promise<Classifier> {
  const width = image.channels * image.size ** 2;
  const network = createNetwork(image, classes);
  const step = createStepBuilder();
  const count = data.classes.length;
  const table = step.shared(TRAINING_ROWS, [count, width + classes]);
  const drawn = gatherRows(table, step.integers('rowIndices', [BATCH_SIZE], count));
  const { logits } = network.apply(columns(drawn, 0, width), step.parameters);
  const loss = crossEntropy(logits, columns(drawn, width, width + classes));
  step.report('loss', loss);
  const learningRate = SCHEDULES['half-then-linear'](RATE, STEPS);
  updateParameters(
    step,
    { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8, learningRate },
    { name: 'update', loss, parameters: network.parameters, update: (at) => at },
  );
  const packed = new Float32Array(count * (width + classes));
  data.classes.forEach((of, row) => {
    packed.set(data.rows.subarray(row * width, (row + 1) * width), row * (width + classes));
    packed[row * (width + classes) + width + of] = 1;
  });
  const { state } = await runTask({
    ...{
      executor,
      random: createRandom(1),
      stepsPerCall: 50,
      table: { data: packed, shape: [count, width + classes] },
    },
    task: step.finish({ name: 'classifier', title: 'classifier', steps: STEPS, updatesPerStep: 1 }),
    onProgress: () => Promise.resolve('continue'),
  });
  const rows = input('rows', [BATCH, width]);
  const session = await executor.compile(
    simplify(createGraph('classifier', [rows], { ...network.apply(rows, constants(state)) })),
  );
  return {
    look: async (given) => {
      const total = given.length / width;
      const features = new Float32Array(total * FEATURES);
      const found = new Uint8Array(total);
      for (let from = 0; from < total; from += IMAGES_PER_CALL) {
        const part = given.subarray(from * width, (from + IMAGES_PER_CALL) * width);
        const results = await session.run({ rows: { data: part, shape: [part.length / width, width] } });
        features.set(results['features']!.data, from * FEATURES);
        const { data: logits } = results['logits']!;
        for (let row = 0; row < part.length / width; row++) {
          const own = logits.subarray(row * classes, (row + 1) * classes);
          found[from + row] = own.indexOf(Math.max(...own));
        }
      }
      return { features, classes: found };
    },
    close: () => session.close(),
  };
}

function createNetwork({ channels, size }: Planes, classes: number) {
  const layers = Array.from({ length: Math.log2(size / 4) }, (_, index) =>
    createConvolution({
      ...{ name: `convolution.${index}`, channels: index === 0 ? channels : WIDTH * 2 ** (index - 1) },
      ...{ out: WIDTH * 2 ** index, kernel: 4, stride: 2, padding: 1, slope: SLOPE },
    }),
  );
  const flat = WIDTH * 2 ** (layers.length - 1) * 16;
  const dense = (name: string, from: number, to: number): readonly [Parameter, Parameter] => [
    { name: `${name}.weight`, shape: [from, to], deviation: heDeviation(from, SLOPE) },
    { name: `${name}.bias`, shape: [to], deviation: 0 },
  ];
  const [weight, bias] = dense('features', flat, FEATURES);
  const [lastWeight, lastBias] = dense('classes', FEATURES, classes);
  return {
    parameters: [...layers.flatMap(({ parameters }) => parameters), weight, bias, lastWeight, lastBias],
    apply: (rows: Tensor, values: ParameterValues) => {
      const n = rows.shape[0]!;
      const x = reshape(subtract(multiply(rows, 1 / 127.5), 1), [n, channels, size, size]);
      const h = layers.reduce((below, layer) => leakyRelu(layer.apply(below, values), SLOPE), x);
      const features = leakyRelu(add(matMul(reshape(h, [n, flat]), values(weight)), values(bias)), SLOPE);
      return { features, logits: add(matMul(features, values(lastWeight)), values(lastBias)) };
    },
  };
}

/** Mean of -log softmax at the class of each row; `wanted` [n, classes] is 1 there. */
function crossEntropy(logits: Tensor, wanted: Tensor): Tensor {
  const centred = subtract(logits, max(logits, 1));
  const logShares = subtract(centred, log(sum(exp(centred), [1], true)));
  return negate(mean(sum(multiply(logShares, wanted), [1])));
}

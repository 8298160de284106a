import { createGraph } from '../../src/graph/graph.ts';
import { gradients } from '../../src/graph/gradients.ts';
import { createBuilder } from '../../src/graph/onnx/builder.ts';
import { KERNEL_FORMS, type KernelForm } from '../../src/graph/onnx/kernel-gradient.ts';
import { encodeModel } from '../../src/graph/onnx/model.ts';
import {
  add,
  averagePool,
  convolve,
  convolveKernel,
  convolveTransposed,
  input,
  leakyRelu,
  matMul,
  mean,
  multiply,
  reshape,
  square,
  sum,
} from '../../src/graph/operations.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { giveBack } from '../../src/base/give-back.ts';
import { createRandom } from '../../src/base/philox.ts';
import { createConvolution } from '../../src/models/layers/convolution.ts';
import type { Parameter, ParameterValues } from '../../src/models/layers/parameters.ts';
import { logisticLoss } from '../../src/models/losses.ts';
import { updateParameters } from '../../src/models/optimisers/optimiser.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { Executor, NamedArrays, NumberArray, Session } from '../../src/runtime/executor.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { createDraws } from '../../src/training/steps/draws.ts';
import { initialState } from '../../src/training/steps/state.ts';
import { timed, type Peer } from '../step/peer.ts';
import type { CaseKind, ConvCase, ConvShape } from './cases.ts';

const SLOPE = 0.2;
const STEPS_PER_CALL = 10;

/** The case on ONNX Runtime; a kernel's derivative in the form that is asked for, else in the fastest. */
export async function createAristarch(of: ConvCase, form?: KernelForm): Promise<Peer> {
  const executor = await openExecutor({ device: 'cpu', threads: of.threads, warn: console.warn });
  const work = await WORKS[of.kind](of, executor, form);
  return {
    name: form ?? 'aristarch',
    description: executor.description,
    run: (runs) => timed(runs, () => work(runs)),
    close: () => executor.close(),
  };
}

type Work = (runs: number) => Promise<void>;
type SingleKind = 'forward' | 'byImage' | 'byKernel';

const single =
  (kind: SingleKind) =>
  (of: ConvCase, executor: Executor, form?: KernelForm): Promise<Work> =>
    convolutionWork(of, kind, executor, form);

const WORKS: {
  readonly [K in CaseKind]: (of: ConvCase, executor: Executor, form?: KernelForm) => Promise<Work>;
} = {
  ...{ forward: single('forward'), byImage: single('byImage'), byKernel: single('byKernel') },
  layers: layersWork,
  step: stepWork,
};

async function convolutionWork(
  of: ConvShape,
  kind: SingleKind,
  executor: Executor,
  form: KernelForm | undefined,
): Promise<Work> {
  const { batch, channels, size, out, kernel, stride, padding } = of;
  const places = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const x = input('x', [batch, channels, size, size]);
  const w = input('w', [out, channels, kernel, kernel]);
  const y = input('y', [batch, out, places, places]);
  const by = { stride, padding };
  const results: { readonly [K in typeof kind]: [Tensor, Tensor<'input'>, Tensor<'input'>] } = {
    forward: [convolve(x, w, by), x, w],
    byImage: [convolveTransposed(y, w, { ...by, size: [size, size] }), y, w],
    byKernel: [convolveKernel(x, y, { ...by, size: [kernel, kernel] }), x, y],
  };
  const [result, ...inputs] = results[kind];
  const session = await (form === undefined
    ? executor.compile(createGraph('convolution', inputs, { result }))
    : executor.load(emitForm(result as Tensor<'convolveKernel'>, inputs, form)));
  const feeds = Object.fromEntries(inputs.map(({ attributes: { name }, shape }) => [name, normal(name, shape)]));
  return repeat(session, feeds);
}

const repeat =
  (session: Session, feeds: NamedArrays): Work =>
  async (runs) => {
    for (let run = 0; run < runs; run++) giveBack(Object.values(await session.run(feeds)));
  };

/** A kernel's derivative in a form that need not be the fastest. */
function emitForm(result: Tensor<'convolveKernel'>, inputs: readonly Tensor<'input'>[], form: KernelForm): Uint8Array {
  const to = createBuilder();
  const info = (name: string, { shape }: Tensor) => ({ name, elementType: 'float32' as const, shape });
  for (const each of inputs) to.setName(each, each.attributes.name);
  to.namedNode('Identity', [KERNEL_FORMS[form](result, to)], ['result']);
  return encodeModel({
    ...{ name: form, nodes: to.nodes, initializers: to.initializers },
    inputs: inputs.map((each) => info(each.attributes.name, each)),
    outputs: [info('result', result)],
  });
}

function normal(name: string, shape: Tensor['shape'], deviation = 1): NumberArray {
  const lengths = shape as readonly number[];
  const data = new Float32Array(lengths.reduce((product, length) => product * length, 1));
  createRandom(1).stream(name).fillNormal(data, 0);
  return { data: deviation === 1 ? data : data.map((value) => deviation * value), shape: lengths };
}

/**
 * Layers in one run: the image of each goes through its convolution, what comes out is taken for its derivative, and the derivative by the image is the
 * next one's image. Answers with the derivatives by all kernels, and the last image.
 */
async function layersWork(of: ConvCase, executor: Executor): Promise<Work> {
  const { batch, channels, size, out, kernel, stride, padding } = of;
  const by = { stride, padding };
  const x = input('x', [batch, channels, size, size]);
  const kernels = Array.from({ length: of.layers }, (_, layer) => input(`w${layer}`, [out, channels, kernel, kernel]));
  const outputs: Record<string, Tensor> = {};
  let image: Tensor = x;
  for (const [layer, w] of kernels.entries()) {
    const y = convolve(image, w, by);
    outputs[`byKernel${layer}`] = convolveKernel(image, y, { ...by, size: [kernel, kernel] });
    image = convolveTransposed(y, w, { ...by, size: [size, size] });
  }
  const session = await executor.compile(createGraph('layers', [x, ...kernels], { ...outputs, image }));
  const deviation = keepingDeviation(of);
  const weights = kernels.map(({ attributes: { name }, shape }) => [name, normal(name, shape, deviation)] as const);
  return repeat(session, { x: normal('x', x.shape), ...Object.fromEntries(weights) });
}

/** Of weights through which numbers go forth and back and stay about as large. */
const keepingDeviation = ({ channels, out, kernel, stride }: ConvShape): number =>
  Math.sqrt(stride / (kernel ** 2 * Math.sqrt(channels * out)));

async function stepWork(of: ConvCase, executor: Executor): Promise<Work> {
  const step = createStepBuilder();
  const images = [of.batch, 3, of.size, of.size];
  const [real, fake] = [step.shared('real', images), step.shared('fake', images)];
  const critic = createCritic(of);
  const f = critic.apply(real, step.parameters);
  const [g] = gradients(f, [real]);
  const penalty = mean(sum(square(g!), [1, 2, 3]));
  const loss = add(logisticLoss(f, critic.apply(fake, step.parameters)), multiply(penalty, 5));
  const optimiser = { kind: 'adam', beta1: 0, beta2: 0.99, epsilon: 1e-8, learningRate: () => 1e-3 } as const;
  updateParameters(step, optimiser, { name: 'update', loss, parameters: critic.parameters, update: (at) => at });
  const task = step.finish({ name: 'bench', title: 'R1 critic', steps: 1, updatesPerStep: 1 });
  const random = createRandom(1);
  const state = initialState(task, random);
  const feeds = {
    ...Object.fromEntries(task.initial.map(({ name, shape }) => [name, { data: state[name]!, shape }])),
    ...{ real: normal('real', images), fake: normal('fake', images) },
  };
  const session = await executor.compileSteps(task.program);
  const draws = createDraws(task, random);
  return async (runs) => {
    for (let at = 0; at < runs; at += STEPS_PER_CALL) {
      const count = Math.min(STEPS_PER_CALL, runs - at);
      await session.run(count, { ...feeds, ...draws(at, count, 1) });
    }
  };
}

interface Critic {
  readonly parameters: readonly Parameter[];
  apply(x: Tensor, values: ParameterValues): Tensor;
}

function createCritic({ size, channels }: ConvShape): Critic {
  const layers = Math.log2(size) - 2;
  const common = { out: channels, slope: SLOPE, stride: 1 };
  const first = createConvolution({ ...common, name: 'first', channels: 3, kernel: 1, padding: 0 });
  const rest = Array.from({ length: layers }, (_, index) =>
    createConvolution({ ...common, name: `layer${index}`, channels, kernel: 3, padding: 1 }),
  );
  const weight: Parameter = { name: 'last.weight', shape: [channels * 16, 1], deviation: 0.05 };
  const bias: Parameter = { name: 'last.bias', shape: [1], deviation: 0 };
  return {
    parameters: [...first.parameters, ...rest.flatMap(({ parameters }) => parameters), weight, bias],
    apply: (x, values) => {
      const start = leakyRelu(first.apply(x, values), SLOPE);
      const end = rest.reduce((h, layer) => averagePool(leakyRelu(layer.apply(h, values), SLOPE), 2), start);
      return add(matMul(reshape(end, [Number(x.shape[0]), channels * 16]), values(weight)), values(bias));
    },
  };
}

import { blockedDialect } from '../../graph/onnx/blocked/blocked-dialect.ts';
import { PORTABLE, type Dialect } from '../../graph/onnx/dialect.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { createGraph, type Graph } from '../../graph/graph.ts';
import {
  add,
  averagePool,
  blur,
  convolve,
  convolveKernel,
  convolveTransposed,
  enlarge,
  input,
  leakyRelu,
  leakySlope,
  multiply,
  sum,
} from '../../graph/operations.ts';
import { topologicalOrder } from '../../graph/order.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { Primitive, Tensor } from '../../graph/tensor.ts';
import { InferenceSession } from './engine.ts';
import { sessionOptions } from './session-options.ts';
import { fromTensors, toTensors } from './tensors.ts';

/** Channels in a block: with AVX-512, with AVX2. */
const BLOCKS = [16, 8] as const;

const CONVOLUTIONS: ReadonlySet<Primitive> = new Set(['convolve', 'convolveTransposed', 'convolveKernel']);

/**
 * By a kernel that is a value. Those by constants the library puts in blocks itself, in files as in what is compiled here: so the scores that
 * calibrate a model are, to the last bit, those of its file.
 */
const isByValue = ({ primitive, inputs }: Tensor): boolean =>
  CONVOLUTIONS.has(primitive) && inputs[1]!.primitive !== 'constant';

/** The dialect of results that are computed on the CPU; the block is found when the first convolutions by values come. */
export function createCpuDialects(threads: number): (results: readonly Tensor[]) => Promise<Dialect> {
  let found: Promise<Dialect> | undefined;
  return async (results) => {
    if (!topologicalOrder(results).some(isByValue)) return PORTABLE;
    found ??= findDialect(threads);
    return found;
  };
}

/**
 * How convolutions are said to the CPU provider of this process. The library does not tell its block, and a wrong one gives wrong numbers
 * and no error: it is the block whose convolutions, in each form that they are said in, give what ONNX's own give, on whole numbers, which leave nothing to rounding.
 * Where none does, or the operators are not there, convolutions are ONNX's.
 */
async function findDialect(threads: number): Promise<Dialect> {
  const right = await convolved(PORTABLE, threads);
  for (const block of BLOCKS) {
    const dialect = blockedDialect(block);
    const answer = await convolved(dialect, threads).catch(() => undefined);
    if (answer?.every((values, at) => values.every((value, place) => value === right[at]![place]))) return dialect;
  }
  return PORTABLE;
}

async function convolved(dialect: Dialect, threads: number): Promise<readonly Float32Array[]> {
  const session = await InferenceSession.create(emitGraph(PROBE, dialect), sessionOptions('cpu', threads));
  try {
    const found = fromTensors(await session.run(toTensors(FEEDS)));
    return Object.keys(PROBE.outputs).map((name) => found[name]!.data);
  } finally {
    await session.release();
  }
}

const [IMAGE, COLOURS] = [input('image', [16, 32, 4, 4]), input('colours', [16, 3, 4, 4])];
const [KERNEL, OF_COLOURS] = [input('kernel', [32, 32, 3, 3]), input('kernelOfColours', [32, 3, 3, 3])];
const [BIAS, SHIFT] = [input('bias', [1, 32, 1, 1]), input('shift', [16, 32, 1, 1])];
// Four images, and channels of which the last block of 16 or of 8 is half full.
const [FEW, HALF] = [input('few', [4, 32, 4, 4]), input('half', [16, 28, 4, 4])];
const [TO_HALF, HALF_BIAS] = [input('kernelToHalf', [28, 32, 3, 3]), input('halfBias', [1, 28, 1, 1])];
const [SAME, HALVED] = [
  { stride: 1, padding: 1 },
  { stride: 2, padding: 1 },
];
const PASSED = leakyRelu(add(convolve(IMAGE, KERNEL, SAME), BIAS), 0.5);
/**
 * All that is said otherwise in blocks: plain and strided, of less than a block, to half a block, by the turned kernel, with and without strides, with what is done in the same pass, what lies between two convolutions,
 * and by the kernel, of strips and of pixels.
 */
const PROBE: Graph = createGraph(
  'blocks',
  [IMAGE, COLOURS, KERNEL, OF_COLOURS, BIAS, SHIFT, FEW, HALF, TO_HALF, HALF_BIAS],
  {
    same: convolve(IMAGE, KERNEL, SAME),
    halved: convolve(IMAGE, KERNEL, HALVED),
    ofColours: convolve(COLOURS, OF_COLOURS, SAME),
    toHalf: leakyRelu(add(convolve(IMAGE, TO_HALF, SAME), HALF_BIAS), 0.5),
    turned: convolveTransposed(IMAGE, KERNEL, { ...SAME, size: [4, 4] }),
    strided: convolveTransposed(IMAGE, KERNEL, { ...HALVED, size: [8, 8] }),
    pooled: averagePool(PASSED, 2),
    enlarged: enlarge(multiply(PASSED, leakySlope(PASSED, 0.5)), 2),
    blurred: blur(add(PASSED, SHIFT)),
    total: sum(PASSED, [0, 2, 3]),
    byKernel: convolveKernel(IMAGE, IMAGE, { ...SAME, size: [3, 3] }),
    byKernelOfColours: convolveKernel(COLOURS, IMAGE, { ...SAME, size: [3, 3] }),
    byKernelOfFew: convolveKernel(FEW, FEW, { ...SAME, size: [3, 3] }),
    byKernelToHalf: convolveKernel(IMAGE, HALF, { ...SAME, size: [3, 3] }),
    byPixels: convolveKernel(IMAGE, IMAGE, { stride: 1, padding: 0, size: [1, 1] }),
  },
);
/** Small whole numbers, another at each place. */
const FEEDS = Object.fromEntries(
  PROBE.inputs.map(({ attributes: { name }, shape }) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => ((at * 7919) % 31) - 15);
    return [name, { data, shape: shape as readonly number[] }];
  }),
);

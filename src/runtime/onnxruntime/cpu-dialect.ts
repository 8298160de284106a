import { blockedDialect } from '../../graph/onnx/blocked/blocked-dialect.ts';
import { PORTABLE, type Dialect } from '../../graph/onnx/dialect.ts';
import { emitGraph } from '../../graph/onnx/emit-graph.ts';
import { createGraph, type Graph } from '../../graph/graph.ts';
import { convolve, input } from '../../graph/operations.ts';
import { topologicalOrder } from '../../graph/order.ts';
import { sizeOf } from '../../graph/shape.ts';
import type { Primitive, Tensor } from '../../graph/tensor.ts';
import { InferenceSession } from './engine.ts';
import { sessionOptions } from './session-options.ts';
import { fromTensors, toTensors } from './tensors.ts';

/** Channels in a block: with AVX-512, with AVX2 and NEON. */
const BLOCKS = [16, 8] as const;

const CONVOLUTIONS: ReadonlySet<Primitive> = new Set(['convolve', 'convolveTransposed', 'convolveKernel']);

/** The dialect of results that are computed on the CPU; the block is found when the first convolutions come. */
export function createCpuDialects(threads: number): (results: readonly Tensor[]) => Promise<Dialect> {
  let found: Promise<Dialect> | undefined;
  return async (results) => {
    const isConvolved = topologicalOrder(results).some(({ primitive }) => CONVOLUTIONS.has(primitive));
    if (!isConvolved) return PORTABLE;
    found ??= findDialect(threads);
    return found;
  };
}

/**
 * How convolutions are said to the CPU provider of this process. The library does not tell its block, and a wrong one gives wrong numbers
 * and no error: it is the block whose convolution gives what ONNX's own gives, on whole numbers, which leave nothing to rounding.
 * Where none does, or the operators are not there, convolutions are ONNX's.
 */
async function findDialect(threads: number): Promise<Dialect> {
  const right = await convolved(PORTABLE, threads);
  for (const block of BLOCKS) {
    const dialect = blockedDialect(block);
    const answer = await convolved(dialect, threads).catch(() => undefined);
    if (answer?.every((value, at) => value === right[at])) return dialect;
  }
  return PORTABLE;
}

async function convolved(dialect: Dialect, threads: number): Promise<Float32Array> {
  const session = await InferenceSession.create(emitGraph(PROBE, dialect), sessionOptions('cpu', threads));
  try {
    return fromTensors(await session.run(toTensors(FEEDS)))['y']!.data;
  } finally {
    await session.release();
  }
}

const [X, KERNEL] = [input('x', [1, 32, 4, 4]), input('kernel', [32, 32, 3, 3])];
const PROBE: Graph = createGraph('blocks', [X, KERNEL], { y: convolve(X, KERNEL, { stride: 1, padding: 1 }) });
/** Small whole numbers, another at each place. */
const FEEDS = Object.fromEntries(
  [X, KERNEL].map(({ attributes: { name }, shape }) => {
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => ((at * 7919) % 31) - 15);
    return [name, { data, shape: shape as readonly number[] }];
  }),
);

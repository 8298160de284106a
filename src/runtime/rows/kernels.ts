import {
  concat,
  f32x4,
  get,
  i32,
  loop,
  PARAMETERS,
  repeat,
  set,
  tee,
  v128,
  type Code,
  type WasmFunction,
} from './binary.ts';
import { LARGE_ANGLE, waveOf } from './trigonometry.ts';

/** Of every kernel. Addresses are in bytes; kernels over one or two values leave the others out of account. */
const [OUT, A, B, C, COUNT] = [0, 1, 2, 3, 4] as const;
const VECTOR_BYTES = 16;

/** Where a kernel notes that it does not give ONNX Runtime's bits: a whole number that is zero before a row. */
export const UNSURE_AT = 0;

/** Where the operands' vectors are, for what computes a vector from them. */
const [X, Y, Z] = [PARAMETERS, PARAMETERS + 1, PARAMETERS + 2] as const;
/** The first vector that `compute` may use for itself. */
const OWN = PARAMETERS + 3;

const one = v128.floats(1);
/** A truth value is 1 or 0. */
const truth = (mask: Code): Code => concat(mask, one, v128.and);

/** What each kernel makes of a vector of each operand; bit for bit as ONNX Runtime does. */
const ELEMENTWISE = {
  negate: concat(get(X), f32x4.negate),
  abs: concat(get(X), f32x4.abs),
  sqrt: concat(get(X), f32x4.sqrt),
  floor: concat(get(X), f32x4.floor),
  round: concat(get(X), f32x4.nearest),
  isNaN: truth(concat(get(X), get(X), f32x4.notEqual)),
  cos: wave('cos'),
  sin: wave('sin'),
  add: concat(get(X), get(Y), f32x4.add),
  subtract: concat(get(X), get(Y), f32x4.subtract),
  multiply: concat(get(X), get(Y), f32x4.multiply),
  divide: concat(get(X), get(Y), f32x4.divide),
  maximum: firstIf(f32x4.atLeast),
  minimum: firstIf(f32x4.atMost),
  greater: truth(concat(get(X), get(Y), f32x4.greater)),
  equal: truth(concat(get(X), get(Y), f32x4.equal)),
  select: concat(get(Y), get(Z), get(X), v128.floats(0), f32x4.notEqual, v128.choose),
  /** (x, slopes). */
  leakyRelu: concat(get(X), get(X), get(Y), f32x4.multiply, get(X), v128.floats(0), f32x4.greater, v128.choose),
  copy: get(X),
} as const satisfies Record<string, Code>;

export type ElementwiseKernel = keyof typeof ELEMENTWISE;

/** X where it compares so with Y, as it does where both are zeros, or is no number; else Y, which may be none. */
function firstIf(compare: Code): Code {
  const isNoNumber = concat(get(X), get(X), f32x4.notEqual);
  return concat(get(X), get(Y), get(X), get(Y), compare, isNoNumber, v128.or, v128.choose);
}

function wave(name: 'cos' | 'sin'): Code {
  const isLarge = concat(get(X), f32x4.abs, v128.floats(LARGE_ANGLE[name]), f32x4.atLeast, v128.anyTrue);
  return concat(noteIf(isLarge), waveOf(name, X, OWN));
}

function noteIf(condition: Code): Code {
  return concat(i32.constant(UNSURE_AT), i32.constant(UNSURE_AT), i32.load, condition, i32.or, i32.store);
}

/** (out, a, b, c, count): `count` vectors, one after the other. */
function elementwise(name: string, compute: Code): WasmFunction {
  const load = (from: number, to: number): Code => concat(get(from), v128.load(), set(to));
  const advance = (address: number): Code => concat(get(address), i32.constant(VECTOR_BYTES), i32.add, set(address));
  const body = loop(
    ...[load(A, X), load(B, Y), load(C, Z)],
    ...[get(OUT), compute, v128.store()],
    ...[OUT, A, B, C].map(advance),
    ...[get(COUNT), i32.constant(1), i32.subtract, tee(COUNT)],
  );
  return { name, integers: 0, vectors: 8, body };
}

/** Columns of the weights that the two kernels of products take at a time: as many sums as are worth keeping in registers, and one vector of them. */
export const PANELS = { products: 32, product: 4 } as const;
export type ProductKernel = keyof typeof PANELS;

/**
 * (out, a, weights, inner, panels): adds to `out`, panel by panel, the products of a row `a` of `inner` values and the weights, which
 * lie in the order in which they are needed: panel by panel, and in a panel row by row. Each sum begins at zero and is rounded once
 * for each product, in the order of the rows, as by MLAS's matrix kernels.
 */
function products(name: ProductKernel): WasmFunction {
  const [WEIGHTS, INNER, PANEL] = [B, C, COUNT] as const;
  const [at, left, value] = [PARAMETERS, PARAMETERS + 1, PARAMETERS + 2] as const;
  const vectors = PANELS[name] / 4;
  const sum = (index: number): number => value + 1 + index;
  const body = loop(
    ...[get(A), set(at), get(INNER), set(left)],
    repeat(vectors, (index) => concat(v128.floats(0), set(sum(index)))),
    loop(
      ...[get(at), v128.splat(), set(value)],
      repeat(vectors, (index) =>
        concat(
          get(value),
          get(WEIGHTS),
          v128.load(VECTOR_BYTES * index),
          get(sum(index)),
          f32x4.multiplyAdd,
          set(sum(index)),
        ),
      ),
      ...[get(at), i32.constant(4), i32.add, set(at)],
      ...[get(WEIGHTS), i32.constant(4 * PANELS[name]), i32.add, set(WEIGHTS)],
      ...[get(left), i32.constant(1), i32.subtract, tee(left)],
    ),
    repeat(vectors, (index) => {
      const offset = VECTOR_BYTES * index;
      return concat(get(OUT), get(OUT), v128.load(offset), get(sum(index)), f32x4.add, v128.store(offset));
    }),
    ...[get(OUT), i32.constant(4 * PANELS[name]), i32.add, set(OUT)],
    ...[get(PANEL), i32.constant(1), i32.subtract, tee(PANEL)],
  );
  return { name, integers: 2, vectors: vectors + 1, body };
}

export type Kernel = (out: number, a: number, b: number, c: number, count: number) => void;
export type KernelName = ElementwiseKernel | ProductKernel;

export function kernelOf(name: KernelName): WasmFunction {
  return isElementwise(name) ? elementwise(name, ELEMENTWISE[name]) : products(name);
}

const isElementwise = (name: KernelName): name is ElementwiseKernel => Object.hasOwn(ELEMENTWISE, name);

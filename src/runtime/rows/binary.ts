/** The binary format of WebAssembly (core specification 2.0, section 5, and the proposal relaxed-simd), as far as the kernels need it. */
export type Code = readonly number[];

export const concat = (...parts: readonly Code[]): number[] => parts.flat();
export const repeat = (count: number, part: (index: number) => Code): number[] =>
  Array.from({ length: count }, (_, index) => part(index)).flat();

/** LEB128, as indices, lengths and offsets are written. */
export function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...unsigned(Math.floor(value / 128))];
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const tee = (local: number): Code => [0x22, ...unsigned(local)];

/** The same of numbers with a sign, from 0 on: the last byte's highest bit is the sign. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value % 128) + 128, ...signed(Math.floor(value / 128))];
}

/** Whole numbers; constants are at least 0. */
export const i32 = {
  constant: (value: number): Code => [0x41, ...signed(value)],
  add: [0x6a],
  subtract: [0x6b],
  or: [0x72],
  load: [0x28, 2, 0],
  store: [0x36, 2, 0],
} as const;

/** Does `body` again and again, until it leaves a zero. */
export const loop = (...body: readonly Code[]): Code => [0x03, 0x40, ...body.flat(), 0x0d, 0, 0x0b];

const simd = (operation: number): Code => [0xfd, ...unsigned(operation)];
const access = (operation: number, align: number, offset: number): Code => [
  ...simd(operation),
  align,
  ...unsigned(offset),
];

/** Vectors of four floats, or of four whole numbers with the same bits. Loads and stores take an address from the stack. */
export const v128 = {
  load: (offset = 0): Code => access(0x00, 2, offset),
  /** One float, four times. */
  splat: (offset = 0): Code => access(0x09, 2, offset),
  store: (offset = 0): Code => access(0x0b, 2, offset),
  floats: (value: number): Code => [...simd(0x0c), ...bytesOf(new Float32Array(4).fill(value))],
  integers: (value: number): Code => [...simd(0x0c), ...bytesOf(new Int32Array(4).fill(value))],
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
  /** (a, b, mask): a where the mask's bits are set, else b. */
  choose: simd(0x52),
  anyTrue: simd(0x53),
  shiftLeft: simd(0xab),
  addIntegers: simd(0xae),
  equalIntegers: simd(0x37),
} as const;

export const f32x4 = {
  equal: simd(0x41),
  notEqual: simd(0x42),
  greater: simd(0x44),
  atMost: simd(0x45),
  atLeast: simd(0x46),
  floor: simd(0x68),
  nearest: simd(0x6a),
  abs: simd(0xe0),
  negate: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  subtract: simd(0xe5),
  multiply: simd(0xe6),
  divide: simd(0xe7),
  /** (a, b, c): a b + c, rounded once where the processor can, else twice. */
  multiplyAdd: simd(0x105),
} as const;

/** The lowest byte first, as in the processors that ONNX Runtime's package is made for. */
const bytesOf = ({ buffer }: Float32Array | Int32Array): number[] => [...new Uint8Array(buffer as ArrayBuffer)];

/** A function of five whole numbers that returns nothing. */
export interface WasmFunction {
  readonly name: string;
  /** Whole numbers of its own, from local 5 on. */
  readonly integers: number;
  /** Vectors of its own, behind them. */
  readonly vectors: number;
  readonly body: Code;
}
export const PARAMETERS = 5;

/** A module of functions over a memory that is imported as `env.memory`. */
export function moduleOf(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const [integer, vector, signature, memory, func] = [0x7f, 0x7b, 0x60, 2, 0];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [[signature, ...list(repeatEach(PARAMETERS, [integer])), 0]]),
    ...section(2, [[...text('env'), ...text('memory'), memory, 0, 1]]),
    ...section(
      3,
      functions.map(() => [0]),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...text(name), func, ...unsigned(index)]),
    ),
    ...section(
      10,
      functions.map(({ integers, vectors, body }) => {
        const locals = list([
          [...unsigned(integers), integer],
          [...unsigned(vectors), vector],
        ]);
        return sized([...locals, ...body, 0x0b]);
      }),
    ),
  ]);
}

const repeatEach = (count: number, item: Code): Code[] => Array.from({ length: count }, () => item);
const sized = (content: Code): Code => [...unsigned(content.length), ...content];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
const text = (value: string): Code => sized([...Buffer.from(value)]);

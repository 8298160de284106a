import { concat, f32x4, get, i32, set, tee, v128, type Code } from './binary.ts';

type Wave = 'cos' | 'sin';

/** From such an angle on ONNX Runtime leaves it to the C library. */
export const LARGE_ANGLE: { readonly [W in Wave]: number } = { cos: 18838, sin: 25966 };

/** What is added and taken away again to round to a whole number, which is then in the last bits. */
const ROUNDER = 1.5 * 2 ** 23;
/** A quarter turn in four parts, of so few bits each that a product by a whole number is exact (Cody and Waite 1980). */
const QUARTER_TURN = [-1.5703125, -0.000483989715576171875, 1.62865035235881805e-7, 5.56443155441677e-11];
/** Of the squared angle, highest power first. */
const COSINE = [2.4372266125283204e-5, -0.00138865201734006405, 0.04166661947965622, -0.5, 1];
const SINE = [-0.0001959234114083703, 0.008332687365561685, -0.16666662039822983];

/**
 * The cosine or sine of the vector `x`, to the bits of ONNX Runtime's: the angle less whole quarter turns, then a polynomial for the cosine or
 * the sine, each product and each sum rounded for itself. `own`: the first of five vectors that it may use.
 */
export function waveOf(wave: Wave, x: number, own: number): Code {
  const [turns, angle, square, cosine, sine] = [own, own + 1, own + 2, own + 3, own + 4] as const;
  const plusProduct = (factor: Code, addend: Code): Code => concat(factor, f32x4.multiply, addend, f32x4.add);
  const polynomial = ([first, ...others]: readonly number[]): Code =>
    concat(v128.floats(first!), ...others.map((each) => plusProduct(get(square), v128.floats(each))));
  return concat(
    ...[
      get(x),
      f32x4.abs,
      tee(angle),
      v128.floats(2 / Math.PI),
      f32x4.multiply,
      v128.floats(ROUNDER),
      f32x4.add,
      set(turns),
    ],
    ...QUARTER_TURN.map((part) =>
      concat(
        v128.floats(part),
        plusProduct(concat(get(turns), v128.floats(ROUNDER), f32x4.subtract), get(angle)),
        set(angle),
      ),
    ),
    ...[get(angle), get(angle), f32x4.multiply, set(square)],
    ...[polynomial(COSINE), set(cosine)],
    ...[polynomial(SINE), get(square), f32x4.multiply, plusProduct(get(angle), get(angle)), set(sine)],
    ...[get(cosine), get(sine), get(turns), v128.integers(1), v128.and, v128.integers(PARITY[wave])],
    ...[v128.equalIntegers, v128.choose],
    ...[TURNED[wave](x, turns), v128.integers(-0x80000000), v128.and, v128.xor],
  );
}

/** Of the number of quarter turns, where the cosine's polynomial is taken. */
const PARITY: { readonly [W in Wave]: number } = { cos: 0, sin: 1 };

const halfTurns = (turns: Code): Code => concat(turns, i32.constant(30), v128.shiftLeft);
/** What has a sign bit where the result's sign is the other one: by its quarter, and for the sine by the angle's sign. */
const TURNED: { readonly [W in Wave]: (x: number, turns: number) => Code } = {
  cos: (_, turns) => halfTurns(concat(get(turns), v128.integers(1), v128.addIntegers)),
  sin: (x, turns) => concat(get(x), halfTurns(get(turns)), v128.xor),
};

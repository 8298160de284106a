/** Where a module runs in a context of its own, as under test, each look at a global takes longer than the pixel. */
const { abs, floor, max, min } = Math;

/** An image as the critic sees it: planes [channels, size, size], values in [-1, 1]. */
export interface Planes {
  readonly channels: number;
  readonly size: number;
}

/** What lies outside an image: its border on and on, or the image mirrored. */
export type Outside = 'border' | 'mirror';

/** Where a pixel of the result is taken from, in pixels of the source; the centre of the first pixel is 0. */
export interface SourceMap {
  readonly columns: Float32Array;
  readonly rows: Float32Array;
}

/** From coordinates in [-1, 1] across the image to pixels: a pixel is 2 / size wide. */
export const toPixel = (at: number, size: number): number => ((at + 1) * size - 1) / 2;
/** The centre of a pixel in [-1, 1]. */
export const toUnit = (pixel: number, size: number): number => (2 * pixel + 1) / size - 1;

/** Draws the source at each place of a map, between its four nearest pixels. */
export function warp(from: Float32Array, out: Float32Array, map: SourceMap, image: Planes, outside: Outside): void {
  const { channels, size } = image;
  const area = size * size;
  const inside = outside === 'border' ? clampTo : mirrorInto;
  for (let pixel = 0; pixel < area; pixel++) {
    const x = inside(map.columns[pixel]!, size);
    const y = inside(map.rows[pixel]!, size);
    const [left, top] = [floor(x), floor(y)];
    const [right, below] = [min(left + 1, size - 1), min(top + 1, size - 1)];
    const [across, down] = [x - left, y - top];
    for (let channel = 0, plane = 0; channel < channels; channel++, plane += area) {
      const upper = from[plane + top * size + left]! * (1 - across) + from[plane + top * size + right]! * across;
      const lower = from[plane + below * size + left]! * (1 - across) + from[plane + below * size + right]! * across;
      out[plane + pixel] = upper * (1 - down) + lower * down;
    }
  }
}

const clampTo = (at: number, size: number): number => min(size - 1, max(0, at));

/** Mirrored at the outer edges of the first and last pixels, as often as needed. */
function mirrorInto(at: number, size: number): number {
  const turned = abs(at + 0.5) % (2 * size);
  return clampTo((turned > size ? 2 * size - turned : turned) - 0.5, size);
}

/** The map of an affine motion: the result at (x, y) shows the source at (a x + b y + c, d x + e y + f), in [-1, 1]. */
export function affineMap(
  [a, b, c, d, e, f]: readonly [number, number, number, number, number, number],
  size: number,
): SourceMap {
  const map = emptyMap(size);
  for (let row = 0, pixel = 0; row < size; row++) {
    const y = toUnit(row, size);
    for (let column = 0; column < size; column++, pixel++) {
      const x = toUnit(column, size);
      map.columns[pixel] = toPixel(a * x + b * y + c, size);
      map.rows[pixel] = toPixel(d * x + e * y + f, size);
    }
  }
  return map;
}

export function emptyMap(size: number): SourceMap {
  return { columns: new Float32Array(size * size), rows: new Float32Array(size * size) };
}

/** Weights of the cubic convolution kernel at a = -0.75 (Keys 1981, equation 4), of the four pixels around a place. */
export function cubicWeights(t: number): readonly [number, number, number, number] {
  const a = -0.75;
  const near = (d: number): number => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number): number => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

/** A grid [cells, cells] drawn smoothly to [size, size]. */
export function enlargeSmoothly(grid: Float32Array, cells: number, size: number): Float32Array {
  const places = Array.from({ length: size }, (_, pixel) => {
    const at = ((pixel + 0.5) * cells) / size - 0.5;
    const first = floor(at);
    const cellsUnder = [-1, 0, 1, 2].map((offset) => min(cells - 1, max(0, first + offset)));
    return { weights: cubicWeights(at - first), cellsUnder };
  });
  const wide = new Float32Array(cells * size);
  for (let row = 0; row < cells; row++) {
    places.forEach(({ weights, cellsUnder }, column) => {
      wide[row * size + column] = weights.reduce((sum, w, k) => sum + w * grid[row * cells + cellsUnder[k]!]!, 0);
    });
  }
  const out = new Float32Array(size * size);
  places.forEach(({ weights, cellsUnder }, row) => {
    for (let column = 0; column < size; column++) {
      let total = 0;
      for (let k = 0; k < 4; k++) total += weights[k]! * wide[cellsUnder[k]! * size + column]!;
      out[row * size + column] = total;
    }
  });
  return out;
}

import { isGrey, type Picture } from './picture.ts';
import type { Planes } from './warp.ts';

/** Weights of the colours in grey: ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * A picture as the raw row of an image model: planes [channels, size, size], 0 .. 255. One that is larger than the model's images is
 * shrunk, by the mean of what each pixel covers, until it fits; none is enlarged. It is put in the middle, and its border is repeated
 * outwards. The same in training and in serving.
 */
export function fitPicture(picture: Picture, { channels, size }: Planes, out: Float32Array, at: number): void {
  const scale = Math.min(1, size / Math.max(picture.width, picture.height));
  const [width, height] = [picture.width, picture.height].map((length) => Math.max(1, Math.round(length * scale)));
  const { rgb } = shrinkPicture(picture, width!, height!);
  const [left, top] = [Math.floor((size - width!) / 2), Math.floor((size - height!) / 2)];
  const [rows, columns] = [placesWithin(height!, top, size), placesWithin(width!, left, size)];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const from = (rows[row]! * width! + columns[column]!) * 3;
      for (let channel = 0; channel < channels; channel++) {
        out[at + (channel * size + row) * size + column] = channels === 1 ? greyOf(rgb, from) : rgb[from + channel]!;
      }
    }
  }
}

/** Where each of `size` pixels comes from, of `length` that begin at `first`: those outside from the nearest. */
const placesWithin = (length: number, first: number, size: number): number[] =>
  Array.from({ length: size }, (_, at) => Math.min(length - 1, Math.max(0, at - first)));

/** The grey of the pixel whose colours begin there: theirs where they are equal, so that nothing is rounded. */
export function greyOf(rgb: Float32Array, from: number): number {
  const isEven = rgb[from] === rgb[from + 1] && rgb[from] === rgb[from + 2];
  return isEven ? rgb[from]! : LUMA[0] * rgb[from]! + LUMA[1] * rgb[from + 1]! + LUMA[2] * rgb[from + 2]!;
}

/** A picture at a smaller size, by the mean of what each pixel covers. */
export function shrinkPicture(picture: Picture, width: number, height: number): Picture {
  return { width, height, rgb: shrinkRows(shrinkColumns(picture, width), width, picture.height, height) };
}

/** Grey where every picture is, else three colours. */
export const channelsOf = (pictures: readonly Picture[]): 1 | 3 => (pictures.every(isGrey) ? 1 : 3);

function shrinkColumns({ width, height, rgb }: Picture, to: number): Float32Array {
  if (to === width) return rgb;
  const out = new Float32Array(to * height * 3);
  const covers = coverage(width, to);
  for (let row = 0; row < height; row++) {
    covers.forEach(({ first, weights }, column) => {
      weights.forEach((weight, index) => {
        for (let c = 0; c < 3; c++) {
          out[(row * to + column) * 3 + c]! += weight * rgb[(row * width + first + index) * 3 + c]!;
        }
      });
    });
  }
  return out;
}

function shrinkRows(rgb: Float32Array, width: number, height: number, to: number): Float32Array {
  if (to === height) return rgb;
  const out = new Float32Array(width * to * 3);
  coverage(height, to).forEach(({ first, weights }, row) => {
    weights.forEach((weight, index) => {
      const line = (first + index) * width * 3;
      for (let at = 0; at < width * 3; at++) out[row * width * 3 + at]! += weight * rgb[line + at]!;
    });
  });
  return out;
}

/** Which of `from` pixels each of `to` covers, and by what share of itself. */
function coverage(from: number, to: number): { first: number; weights: number[] }[] {
  const step = from / to;
  return Array.from({ length: to }, (_, index) => {
    const [start, end] = [index * step, Math.min(from, (index + 1) * step)];
    const first = Math.floor(start);
    const count = Math.min(from, Math.ceil(end - 1e-9)) - first;
    const weights = Array.from({ length: count }, (__, offset) => {
      const pixel = first + offset;
      return (Math.min(end, pixel + 1) - Math.max(start, pixel)) / (end - start);
    });
    return { first, weights };
  });
}

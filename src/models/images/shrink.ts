import type { Planes } from './warp.ts';

/** Where a module runs in a context of its own, as under test, each look at a global takes longer than the pixel. */
const { floor } = Math;

/** What a pixel's value becomes: scale value + offset. */
export interface Levels {
  readonly scale: number;
  readonly offset: number;
}

const AS_THEY_ARE: Levels = { scale: 1, offset: 0 };

/** Rows [n, channels size size] at a size that divides theirs, by the mean of what each pixel covers. */
export function shrinkRows(rows: Float32Array, image: Planes, size: number, levels = AS_THEY_ARE): Float32Array {
  const factor = image.size / size;
  const data = new Float32Array(rows.length / factor ** 2).fill(levels.offset);
  const share = levels.scale / factor ** 2;
  for (let at = 0, line = 0; at < rows.length; line++) {
    const [plane, row] = [floor(line / image.size), line % image.size];
    const to = (plane * size + floor(row / factor)) * size;
    for (let column = 0; column < image.size; column++, at++) data[to + floor(column / factor)]! += rows[at]! * share;
  }
  return data;
}

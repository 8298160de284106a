import type { Extent } from '../../graph/tensor.ts';
import { PIXEL_MIDDLE } from '../images/image-critic.ts';
import type { PlanarImage } from '../images/planar-image.ts';

/** Height and width, each up to the next multiple of the stride. */
export const paddedExtent = ({ width, height }: PlanarImage, stride: number): Extent => [
  Math.ceil(height / stride) * stride,
  Math.ceil(width / stride) * stride,
];

/** Planes as networks take them, [1, channels, ...extent] in -1 .. 1: what an image lacks at the bottom and on the right, its border has again. */
export function toNetwork(
  { width, height, planes }: PlanarImage,
  [rows, columns]: Extent,
): { data: Float32Array; shape: number[] } {
  const data = new Float32Array(planes.length * rows * columns);
  planes.forEach((plane, channel) => {
    for (let row = 0, at = channel * rows * columns; row < rows; row++) {
      const line = Math.min(row, height - 1) * width;
      for (let column = 0; column < columns; column++, at++) {
        data[at] = plane[line + Math.min(column, width - 1)]! / PIXEL_MIDDLE - 1;
      }
    }
  });
  return { data, shape: [1, planes.length, rows, columns] };
}

/** The way back: what was added is cut off, and values become whole numbers in 0 .. 255, as a file has them. */
export function fromNetwork(
  data: Float32Array,
  [rows, columns]: Extent,
  { width, height, planes }: PlanarImage,
): PlanarImage {
  const cut = planes.map((_, channel) =>
    Float32Array.from({ length: width * height }, (__, pixel) => {
      const at = (channel * rows + Math.floor(pixel / width)) * columns + (pixel % width);
      return Math.min(255, Math.max(0, Math.round((data[at]! + 1) * PIXEL_MIDDLE)));
    }),
  );
  return { width, height, planes: cut };
}

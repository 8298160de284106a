import type { Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import type { Emitted } from '../names.ts';
import { slide, turnedPixels } from './convolutions.ts';
import { inBlocks, reshaped } from './forms.ts';

type Transposed = Tensor<'convolveTransposed'>;
type Image = readonly [batch: number, channels: number, height: number, width: number];

/** Every stride-th row (or column) of the image, from the phase on: the part of the kernel that meets it, and zeros around the derivative. */
interface Phase {
  readonly kernel: readonly number[];
  readonly pads: readonly [before: number, after: number];
}

const phasesAlong = ({ inputs: [y, kernel], attributes }: Transposed, axis: 0 | 1): Phase[] => {
  const { stride, padding, size } = attributes;
  const [extent, places] = [Number(kernel.shape[2 + axis]), Number(y.shape[2 + axis])];
  return Array.from({ length: stride }, (_, phase) => {
    const first = (phase + padding) % stride;
    const count = Math.ceil((extent - first) / stride);
    const shift = (phase + padding - first) / stride;
    return {
      kernel: Array.from({ length: count }, (_, at) => first + (count - 1 - at) * stride),
      pads: [count - 1 - shift, size[axis] / stride + shift - places],
    };
  });
};

/** Where images are so many, and each phase has as many rows and columns, some of the kernel, and no less than zeros around it. */
export function isStridedInBlocks(tensor: Transposed, block: number): boolean {
  const {
    inputs: [y, kernel],
    attributes: { stride, size },
  } = tensor;
  const [out, into] = kernel.shape as Image;
  const areWhole = typeof y.shape[0] === 'number' && out % block === 0 && into % block === 0;
  const phases = [...phasesAlong(tensor, 0), ...phasesAlong(tensor, 1)];
  const areAround = phases.every(({ kernel: { length }, pads }) => length > 0 && Math.min(...pads) >= 0);
  return stride > 1 && areWhole && areAround && size.every((extent) => extent % stride === 0);
}

/** The derivative of a convolution by strides by its image: a convolution of its own for each phase of rows and columns, laid between each other. */
export function convolveStridedInBlocks(tensor: Transposed, block: number, to: Builder): Emitted {
  const {
    inputs: [y, kernel],
    attributes: { stride, size },
  } = tensor;
  const [batch, [out, into]] = [Number(y.shape[0]), kernel.shape as Image];
  const [rows, columns] = [size[0] / stride, size[1] / stride];
  const parts = phasesAlong(tensor, 0).map((row, atRow) => {
    const along = phasesAlong(tensor, 1).map((column, atColumn) => {
      const pixels = row.kernel.flatMap((r) => column.kernel.map((c) => r * Number(kernel.shape[3]) + c));
      const filter = to.formOf(kernel, `turned filter ${atRow} ${atColumn} of ${stride}`, (there) => {
        const shape = [into, out, row.kernel.length, column.kernel.length] as const;
        return reshaped(turnedPixels(kernel, pixels, block, there), shape, there);
      });
      const [top, bottom] = row.pads;
      const [left, right] = column.pads;
      const by = { pads: [top, left, bottom, right], stride: 1, block, after: {} } as const;
      const name = slide({ x: y, filter, kernel: [into, out, row.kernel.length, column.kernel.length], ...by }, to);
      return reshaped(name, [(batch * into * rows) / block, columns, 1, block], to);
    });
    const row1 = to.node('Concat', along, { axis: 2 });
    return reshaped(row1, [(batch * into * rows) / block, 1, columns * stride * block], to);
  });
  const image = reshaped(to.node('Concat', parts, { axis: 1 }), [batch, into, ...size], to);
  return inBlocks(image, into);
}

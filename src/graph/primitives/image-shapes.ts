import { sameShape, shapeError, showShape, type Dimension, type Shape } from '../shape.ts';
import type { Extent, PrimitiveTable, Sliding, Tensor } from '../tensor.ts';

type ImagePrimitive = 'convolve' | 'convolveTransposed' | 'convolveKernel' | 'averagePool' | 'enlarge' | 'blur';
type ImageShapes = Pick<PrimitiveTable<[], Shape>, ImagePrimitive>;

/** The shapes of what works on images [b, channels, height, width]; only b may be unknown until the graph runs. */
export const imageShapes: ImageShapes = {
  convolve: ({ inputs: [x, kernel], attributes }) => {
    const [batch, channels, ...size] = imageShape(x);
    const [out, into, ...extent] = kernelShape(kernel);
    if (into !== channels) throw shapeError(`a kernel ${showShape(kernel.shape)} does not fit ${showShape(x.shape)}`);
    return [batch, out, ...slideOver(size, extent, attributes)];
  },
  convolveTransposed: ({ inputs: [y, kernel], attributes }) => {
    const [batch, channels, ...size] = imageShape(y);
    const [out, into, ...extent] = kernelShape(kernel);
    const places = slideOver(attributes.size, extent, attributes);
    if (out !== channels || !sameShape(places, size)) {
      throw shapeError(
        `a kernel ${showShape(kernel.shape)} on [${attributes.size.join(', ')}] gives no ${showShape(y.shape)}`,
      );
    }
    return [batch, into, ...attributes.size];
  },
  convolveKernel: ({ inputs: [x, y], attributes }) => {
    const [batch, into, ...size] = imageShape(x);
    const [otherBatch, out, ...places] = imageShape(y);
    if (batch !== otherBatch || !sameShape(slideOver(size, attributes.size, attributes), places)) {
      throw shapeError(
        `no kernel of [${attributes.size.join(', ')}] takes ${showShape(x.shape)} to ${showShape(y.shape)}`,
      );
    }
    return [out, into, ...attributes.size];
  },
  averagePool: ({ inputs: [x], attributes: { factor } }) => {
    const [batch, channels, height, width] = imageShape(x);
    if (!isCount(factor) || height % factor !== 0 || width % factor !== 0) {
      throw shapeError(`squares of ${factor} pixels do not tile ${showShape(x.shape)}`);
    }
    return [batch, channels, height / factor, width / factor];
  },
  enlarge: ({ inputs: [x], attributes: { factor } }) => {
    const [batch, channels, height, width] = imageShape(x);
    if (!isCount(factor)) throw shapeError(`an image cannot be enlarged ${factor} times`);
    return [batch, channels, height * factor, width * factor];
  },
  blur: ({ inputs: [x] }) => imageShape(x),
};

/** Places of a kernel along both axes; throws where it does not fit. */
function slideOver(size: Extent, kernel: Extent, { stride, padding }: Sliding): Extent {
  const places = (axis: 0 | 1): number => Math.floor((size[axis] + 2 * padding - kernel[axis]) / stride) + 1;
  const isFit = isCount(stride) && Number.isInteger(padding) && padding >= 0 && places(0) > 0 && places(1) > 0;
  if (isFit) return [places(0), places(1)];
  throw shapeError(`a kernel of [${kernel.join(', ')}] by steps of ${stride} does not slide over [${size.join(', ')}]`);
}

function imageShape({ shape }: Tensor): [batch: Dimension, channels: number, height: number, width: number] {
  const [batch, ...rest] = shape;
  if (batch !== undefined && rest.length === 3 && rest.every((length) => typeof length === 'number')) {
    return [batch, ...(rest as [number, number, number])];
  }
  throw shapeError(`${showShape(shape)} is no batch of images [b, channels, height, width]`);
}

function kernelShape({ shape }: Tensor): [out: number, into: number, height: number, width: number] {
  if (shape.length === 4 && shape.every((length) => typeof length === 'number')) {
    return shape as unknown as [number, number, number, number];
  }
  throw shapeError(`${showShape(shape)} is no kernel [out, in, height, width]`);
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;

import { describe, expect, it } from '@jest/globals';
import { encodeModel } from '../../src/graph/onnx/model.ts';
import { readWidestKernel } from '../../src/graph/onnx/read-kernels.ts';

const floats = (name: string, shape: readonly number[]) => {
  const count = shape.reduce((product, length) => product * length, 1);
  return { name, elementType: 'float32', shape, bytes: new Uint8Array(4 * count) } as const;
};
const read = (...shapes: readonly (readonly number[])[]): number => {
  const initializers = shapes.map((shape, i) => floats(`w${i}`, shape));
  return readWidestKernel(encodeModel({ name: 'g', nodes: [], initializers, inputs: [], outputs: [] }));
};

describe('the widest convolution of a file', () => {
  it('is the most channels of a kernel, in or out, among numbers alone, rows and matrices', () => {
    expect(read([], [512], [300, 300], [16, 48, 3, 3], [32, 16, 1, 1])).toBe(48);
  });

  it('is 0 where there is none', () => {
    expect(read([])).toBe(0);
    expect(read()).toBe(0);
  });
});

import { describe, expect, it } from '@jest/globals';
import { toPlanarImage } from '../../../src/models/images/planar-image.ts';
import { fromNetwork, paddedExtent, toNetwork } from '../../../src/models/stylize/lay-out.ts';

const picture = (width: number, height: number) => ({
  ...{ width, height },
  rgb: Float32Array.from({ length: width * height * 3 }, (_, at) => (at * 7) % 256),
});

describe('an image of any size', () => {
  it('comes back from the networks as it went in, without what was added to it', () => {
    const image = toPlanarImage(picture(13, 6), 3);
    const extent = paddedExtent(image, 4);
    expect(extent).toEqual([8, 16]);
    const { data, shape } = toNetwork(image, extent);
    expect(shape).toEqual([1, 3, 8, 16]);
    expect(fromNetwork(data, extent, image)).toEqual(image);
  });

  it('has its border again where it was filled up', () => {
    const image = { width: 2, height: 1, planes: [Float32Array.of(0, 255)] };
    const { data } = toNetwork(image, [2, 4]);
    expect([...data]).toEqual([-1, 1, 1, 1, -1, 1, 1, 1]);
  });

  it('is cut to what a file can hold', () => {
    const image = { width: 3, height: 1, planes: [new Float32Array(3)] };
    const out = fromNetwork(Float32Array.of(-3, 0.0001, 9), [1, 3], image);
    expect([...out.planes[0]!]).toEqual([0, 128, 255]);
  });

  it('is shrunk to a longer side, keeps its shape, and is never enlarged', () => {
    expect(toPlanarImage(picture(40, 10), 3, 20)).toMatchObject({ width: 20, height: 5 });
    expect(toPlanarImage(picture(8, 10), 3, 20)).toMatchObject({ width: 8, height: 10 });
  });

  it('becomes grey for a model of grey images, by BT.601', () => {
    const { planes } = toPlanarImage({ width: 2, height: 1, rgb: Float32Array.of(255, 0, 0, 9, 9, 9) }, 1);
    expect(planes).toHaveLength(1);
    expect(planes[0]![0]).toBeCloseTo(76.245, 3);
    expect(planes[0]![1]).toBe(9);
  });
});

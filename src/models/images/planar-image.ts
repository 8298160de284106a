import { greyOf, shrinkPicture } from './fit-picture.ts';
import type { Picture } from './picture.ts';

/** An image of any size: a plane [height, width] for each of its one or three colours, 0 .. 255. */
export interface PlanarImage {
  readonly width: number;
  readonly height: number;
  readonly planes: readonly Float32Array[];
}

/** Width and height of a picture that is shrunk until its longer side has at most `most` pixels; none is enlarged. */
export function shrunkSize({ width, height }: Omit<Picture, 'rgb'>, most: number): Omit<Picture, 'rgb'> {
  const scale = Math.min(1, most / Math.max(width, height));
  const shrunk = (length: number): number => Math.max(1, Math.round(length * scale));
  return { width: shrunk(width), height: shrunk(height) };
}

/** A picture in grey or in three colours, shrunk as `shrunkSize` has it. */
export function toPlanarImage(picture: Picture, channels: number, most = Infinity): PlanarImage {
  const wanted = shrunkSize(picture, most);
  const { width, height, rgb } =
    wanted.width < picture.width || wanted.height < picture.height
      ? shrinkPicture(picture, wanted.width, wanted.height)
      : picture;
  const planes = Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: width * height }, (__, pixel) =>
      channels === 1 ? greyOf(rgb, pixel * 3) : rgb[pixel * 3 + channel]!,
    ),
  );
  return { width, height, planes };
}

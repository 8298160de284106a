/** A decoded image: interleaved RGB in 0 .. 255, [height, width, 3]; fractions where the file has more than 8 bits. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Float32Array;
}

/** Samples as a file has them: 1 to 4 channels (grey, grey and alpha, RGB, RGBA), up to `most`. */
export interface Samples {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
  readonly most: number;
}

/** Grey becomes three equal colours; what is transparent shows white behind it. */
export function toPicture({ width, height, channels, data, most }: Samples): Picture {
  const rgb = new Float32Array(width * height * 3);
  const hasAlpha = channels === 2 || channels === 4;
  const colours = hasAlpha ? channels - 1 : channels;
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = hasAlpha ? data[pixel * channels + colours]! / most : 1;
    for (let colour = 0; colour < 3; colour++) {
      const value = data[pixel * channels + (colours === 1 ? 0 : colour)]! / most;
      rgb[pixel * 3 + colour] = 255 * (value * alpha + 1 - alpha);
    }
  }
  return { width, height, rgb };
}

/** Whether red, green and blue are the same everywhere. */
export function isGrey({ rgb }: Picture): boolean {
  for (let at = 0; at < rgb.length; at += 3) if (rgb[at] !== rgb[at + 1] || rgb[at] !== rgb[at + 2]) return false;
  return true;
}

/** From where in the file each pixel of the upright image comes, by the orientation 1 .. 8 of EXIF 2.32, tag 0x0112. */
const UPRIGHT: readonly ((row: number, column: number, height: number, width: number) => [number, number])[] = [
  (row, column) => [row, column],
  (row, column, _, width) => [row, width - 1 - column],
  (row, column, height, width) => [height - 1 - row, width - 1 - column],
  (row, column, height) => [height - 1 - row, column],
  (row, column) => [column, row],
  (row, column, height) => [height - 1 - column, row],
  (row, column, height, width) => [height - 1 - column, width - 1 - row],
  (row, column, _, width) => [column, width - 1 - row],
];

/** The picture as the camera was held; orientations that do not exist change nothing. */
export function turnUpright(picture: Picture, orientation: number): Picture {
  const place = UPRIGHT[orientation - 1];
  if (place === undefined || orientation === 1) return picture;
  const [width, height] = orientation > 4 ? [picture.height, picture.width] : [picture.width, picture.height];
  const rgb = new Float32Array(picture.rgb.length);
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += 3) {
      const [y, x] = place(row, column, picture.height, picture.width);
      const from = (y * picture.width + x) * 3;
      rgb.set(picture.rgb.subarray(from, from + 3), at);
    }
  }
  return { width, height, rgb };
}

import { encodePng } from './formats/png.ts';
import type { PlanarImage } from './planar-image.ts';
import type { Planes } from './warp.ts';

export interface GridOptions {
  /** Images beside each other. */
  readonly columns: number;
  /** Pixels of the grid for each pixel of an image, along both axes; 1 when absent. */
  readonly scale?: number;
}

const GAP = 2;
const BACKGROUND = 255;

/** Raw rows [n, channels size size] in 0 .. 255 as one PNG, line by line. */
export function drawGrid(
  rows: Float32Array,
  { channels, size }: Planes,
  { columns, scale = 1 }: GridOptions,
): Uint8Array {
  const width = channels * size ** 2;
  const count = rows.length / width;
  const lines = Math.ceil(count / columns);
  const cell = size * scale + GAP;
  const [across, down] = [Math.min(columns, count) * cell + GAP, lines * cell + GAP];
  const colours = channels === 1 ? 1 : 3;
  const pixels = new Uint8Array(across * down * colours).fill(BACKGROUND);
  for (let image = 0; image < count; image++) {
    const [left, top] = [(image % columns) * cell + GAP, Math.floor(image / columns) * cell + GAP];
    for (let at = 0; at < (size * scale) ** 2; at++) {
      const [y, x] = [Math.floor(at / (size * scale)), at % (size * scale)];
      const from = image * width + Math.floor(y / scale) * size + Math.floor(x / scale);
      const to = ((top + y) * across + left + x) * colours;
      for (let colour = 0; colour < colours; colour++) pixels[to + colour] = toByte(rows[from + colour * size ** 2]!);
    }
  }
  return encodePng(across, down, colours, pixels);
}

/** A raw row as a PNG. */
export function drawImage(row: Float32Array, { channels, size }: Planes): Uint8Array {
  const planes = Array.from({ length: channels }, (_, channel) =>
    row.subarray(channel * size ** 2, (channel + 1) * size ** 2),
  );
  return drawPlanes({ width: size, height: size, planes });
}

/** Planes [height, width] of one or three colours, 0 .. 255, as a PNG. */
export function drawPlanes({ width, height, planes }: PlanarImage): Uint8Array {
  const colours = planes.length === 1 ? 1 : 3;
  const pixels = Uint8Array.from({ length: width * height * colours }, (_, at) =>
    toByte(planes[at % colours]![Math.floor(at / colours)]!),
  );
  return encodePng(width, height, colours, pixels);
}

const toByte = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

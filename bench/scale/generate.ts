import { createRandom, type RandomStream } from '../../src/base/philox.ts';
import type { NumberArray } from '../../src/runtime/executor.ts';

const LATENT = 3;
const CLUSTERS = 40;
const NOISE = 0.3;

/** Normal and anomalous rows of one made-up process; the same process for equal seed and width. */
export interface GeneratedRows {
  readonly normal: (count: number, name: string) => NumberArray;
  readonly anomalous: (count: number, name: string) => NumberArray;
}

/**
 * Rows that lie near a curved sheet: x = sin(z W + b) + noise, with z [3] near one of forty centres for normal rows, and
 * spread over the same region without centres for anomalies. `width`: columns.
 */
export function createGenerator(width: number, seed: number): GeneratedRows {
  const random = createRandom(seed);
  const normals = (stream: RandomStream, count: number): Float32Array => {
    const out = new Float32Array(count);
    stream.fillNormal(out, 0);
    return out;
  };
  const w = normals(random.stream('w'), LATENT * width);
  const b = normals(random.stream('b'), width).map((value) => 3 * value);
  const centres = normals(random.stream('centres'), CLUSTERS * LATENT).map((value) => 1.5 * value);
  const rows = (count: number, name: string, latent: (row: number, at: number, z: number) => number): NumberArray => {
    const z = normals(random.stream(name, 'z'), count * LATENT);
    const data = normals(random.stream(name, 'noise'), count * width);
    for (let row = 0; row < count; row++) {
      const point = Array.from({ length: LATENT }, (_, at) => latent(row, at, z[row * LATENT + at]!));
      for (let column = 0; column < width; column++) {
        let sum = b[column]!;
        for (let at = 0; at < LATENT; at++) sum += point[at]! * w[at * width + column]!;
        const index = row * width + column;
        data[index] = Math.sin(sum) + NOISE * data[index]!;
      }
    }
    return { data, shape: [count, width] };
  };
  return {
    normal: (count, name) => rows(count, name, (row, at, z) => centres[(row % CLUSTERS) * LATENT + at]! + 0.2 * z),
    anomalous: (count, name) => rows(count, name, (_, __, z) => 1.5 * z),
  };
}

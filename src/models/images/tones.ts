import type { NegativeGroup } from './negatives.ts';
import type { Planes } from './warp.ts';

/** Changes the tone of a group's images in one way that is drawn: docs/decisions/0019. */
export function changeTone(group: NegativeGroup): void {
  const { image, sources, results, dice } = group;
  const change = TONES[dice.whole(0, TONES.length - 1)]!(group);
  sources.forEach((source, index) => change(source, results[index]!, image));
}

type Change = (from: Float32Array, out: Float32Array, image: Planes) => void;
type Tone = (group: NegativeGroup) => Change;

/** Each value by its own. */
const pointwise =
  (value: (x: number, channel: number, mean: number) => number): Change =>
  (from, out, { channels, size }) => {
    const area = size * size;
    for (let channel = 0; channel < channels; channel++) {
      const plane = from.subarray(channel * area, (channel + 1) * area);
      const mean = plane.reduce((total, x) => total + x, 0) / area;
      for (let pixel = 0; pixel < area; pixel++) out[channel * area + pixel] = value(plane[pixel]!, channel, mean);
    }
  };

const polarity: Tone = () => pointwise((x) => -x);

const contrast: Tone =
  ({ dice }) =>
  (from, out, image) => {
    const factor = dice.coin() ? dice.uniform(0, 0.6) : dice.uniform(1.5, 3);
    pointwise((x, _, mean) => mean + (x - mean) * factor)(from, out, image);
  };

/** All channels alike, or each by its own. */
const brightness: Tone = ({ dice, image: { channels } }) => {
  const isGrey = channels === 1 || dice.coin();
  return (from, out, image) => {
    const by = dice.uniform(0.2, 0.9) * (dice.coin() ? 1 : -1);
    const cast = Array.from({ length: channels }, () => (isGrey ? 1 : dice.normal()));
    pointwise((x, channel) => x + by * cast[channel]!)(from, out, image);
  };
};

const BOX = 2;
/** From twice sharpened to blurred by a box of 5 x 5. */
const sharpness: Tone =
  ({ dice }) =>
  (from, out, image) => {
    const share = dice.uniform(-2, 1);
    overWindow(from, out, image, BOX, (a, b) => a + b);
    for (let at = 0; at < out.length; at++) out[at] = from[at]! + share * (out[at]! / (2 * BOX + 1) ** 2 - from[at]!);
  };

/** Colours change places; where there is one only, strokes grow thicker or thinner. */
const channels: Tone = (group) => {
  const { dice, image } = group;
  if (image.channels === 1) {
    return (from, out, planes) => {
      const pick = dice.coin() ? Math.max : Math.min;
      overWindow(from, out, planes, 1, pick);
    };
  }
  const order = dice.disorder(image.channels);
  return (from, out, { size }) =>
    order.forEach((source, channel) => {
      out.set(from.subarray(source * size * size, (source + 1) * size * size), channel * size * size);
    });
};

const TONES: readonly Tone[] = [polarity, contrast, brightness, sharpness, channels];

/** For each pixel all values up to `reach` pixels away in one, two by two; the border is repeated outside. */
function overWindow(
  from: Float32Array,
  out: Float32Array,
  { channels: count, size }: Planes,
  reach: number,
  combine: (a: number, b: number) => number,
): void {
  const within = (at: number): number => Math.min(size - 1, Math.max(0, at));
  const line = new Float32Array(size * size);
  const alongAxis = (values: Float32Array, result: Float32Array, across: number, down: number): void => {
    for (let pixel = 0; pixel < size * size; pixel++) {
      const [row, column] = [Math.floor(pixel / size), pixel % size];
      const at = (step: number): number => values[within(row + step * down) * size + within(column + step * across)]!;
      let value = at(-reach);
      for (let step = 1 - reach; step <= reach; step++) value = combine(value, at(step));
      result[pixel] = value;
    }
  };
  for (let plane = 0; plane < count * size * size; plane += size * size) {
    alongAxis(from.subarray(plane, plane + size * size), line, 1, 0);
    alongAxis(line, out.subarray(plane, plane + size * size), 0, 1);
  }
}

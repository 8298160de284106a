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
  const area = size * size;
  const line = new Float32Array(area);
  for (let plane = 0; plane < count * area; plane += area) {
    alongLines(from.subarray(plane, plane + area), line, { size, reach, combine, step: 1, next: size });
    alongLines(line, out.subarray(plane, plane + area), { size, reach, combine, step: size, next: 1 });
  }
}

interface Lines {
  readonly size: number;
  readonly reach: number;
  readonly combine: (a: number, b: number) => number;
  /** From a pixel to the next one of its line, and from a line to the next one. */
  readonly step: number;
  readonly next: number;
}

/** Along one axis. No closure is made for each pixel: such took most of the time of changing tones. */
function alongLines(values: Float32Array, out: Float32Array, { size, reach, combine, step, next }: Lines): void {
  for (let line = 0; line < size; line++) {
    const start = line * next;
    for (let at = 0; at < size; at++) {
      let value = values[start + step * (at < reach ? 0 : at - reach)]!;
      for (let near = at + 1 - reach; near <= at + reach; near++) {
        const inside = near < 0 ? 0 : near < size ? near : size - 1;
        value = combine(value, values[start + step * inside]!);
      }
      out[start + step * at] = value;
    }
  }
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createGraph } from '../../../src/graph/graph.ts';
import { input } from '../../../src/graph/operations.ts';
import { sizeOf } from '../../../src/graph/shape.ts';
import type { Extent } from '../../../src/graph/tensor.ts';
import { createDecoder, createEncoder, type StylizerShape } from '../../../src/models/stylize/networks.ts';
import { adaptToStyle, contentLoss, gramLoss, gramMatrix, styleLoss } from '../../../src/models/stylize/statistics.ts';
import { decodeStylizer, encodeStylizer } from '../../../src/models/stylize/stylizer-file.ts';
import { STYLIZE, stylizeGraph, type TrainedStylizer } from '../../../src/models/stylize/stylizer-graphs.ts';
import type { Executor, NamedArrays, NumberArray } from '../../../src/runtime/executor.ts';
import { openExecutor } from '../../../src/runtime/open-executor.ts';
import { createStylizer } from '../../../src/scoring/stylize/open-stylizer.ts';
import { featuresOf, gapBetween, statisticsOf } from '../../support/channel-statistics.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';

const SHAPE: StylizerShape = { name: 'critic', channels: 3, width: 6, slope: 0.2, layers: 2 };

let executor: Executor;
beforeAll(async () => {
  executor = await openExecutor({ device: 'cpu', threads: 1, warn: () => undefined });
});
afterAll(() => executor.close());

/** Networks as they start. */
function untrained(shape: StylizerShape): TrainedStylizer {
  const parameters = [...createEncoder(shape).parameters, ...createDecoder(shape).parameters];
  const weights = parameters.map(({ name, shape: of, deviation }) => {
    const values = new Float32Array(sizeOf(of));
    createRandom(5).stream(name).fillNormal(values, 0);
    return [name, values.map((value) => value * (deviation || 0.1))] as const;
  });
  return { shape, weights: Object.fromEntries(weights) };
}

/** An image of noise that is smooth here and there, in -1 .. 1, whose colours differ in mean and contrast. */
function picture(seed: number, [height, width]: Extent): NumberArray {
  const data = new Float32Array(3 * height * width);
  createRandom(seed).stream('picture').fillNormal(data, 0);
  const scaled = data.map((value, at) => {
    const colour = Math.floor(at / (height * width));
    return Math.tanh(0.2 * colour - 0.3 + (0.2 + 0.3 * colour) * value * (at % width < width / 2 ? 1 : 0.3));
  });
  return { data: scaled, shape: [1, 3, height, width] };
}

async function run(
  inputs: Readonly<Record<string, NumberArray>>,
  of: (given: Record<string, Tensor>) => Record<string, Tensor>,
) {
  const declared = Object.entries(inputs).map(([name, { shape }]) => input(name, shape));
  const named = Object.fromEntries(declared.map((tensor) => [tensor.attributes.name, tensor]));
  return runGraph(createGraph('test', declared, of(named)), inputs);
}

async function runGraph(graph: Parameters<Executor['compile']>[0], feeds: NamedArrays): Promise<NamedArrays> {
  const session = await executor.compile(graph);
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

describe('adaptive instance normalisation', () => {
  const extents = { content: [24, 32] as Extent, style: [40, 16] as Extent };
  const stylizer = untrained(SHAPE);

  it.each([1, 2, 3])("leaves each channel with the style's mean and deviation, to 1e-4 (style %d)", async (seed) => {
    const [content, style] = [picture(10 + seed, extents.content), picture(20 + seed, extents.style)];
    const { [STYLIZE.adapted]: adapted } = await runGraph(stylizeGraph(stylizer, extents, 1), { content, style });
    const wanted = await featuresOf(executor, stylizer, style);
    expect(gapBetween(adapted!, wanted)).toBeLessThan(1e-4);
    expect(gapBetween(await featuresOf(executor, stylizer, content), wanted)).toBeGreaterThan(0.05);
  });

  it('keeps what an even channel has, its mean, and takes no deviation from nowhere', async () => {
    const content = { data: new Float32Array(3 * 64).fill(0.5), shape: [1, 3, 8, 8] };
    const style = picture(3, [8, 8]);
    const { adapted } = await run({ content, style }, ({ content: c, style: s }) => ({
      adapted: adaptToStyle(c!, s!),
    }));
    const wanted = statisticsOf(style);
    statisticsOf(adapted!).forEach(({ mean, deviation }, channel) => {
      expect(mean).toBeCloseTo(wanted[channel]!.mean, 4);
      expect(deviation).toBeLessThan(1e-4);
    });
  });

  it('takes no style at an alpha of 0, and the more of it the larger alpha is', async () => {
    const content = picture(1, extents.content);
    const imageAt = async (alpha: number, seed: number): Promise<Float32Array> => {
      const results = await runGraph(stylizeGraph(stylizer, extents, alpha), {
        content,
        style: picture(seed, extents.style),
      });
      return results[STYLIZE.image]!.data;
    };
    const none = await imageAt(0, 2);
    expect(await imageAt(0, 3)).toEqual(none);
    const gap = async (alpha: number): Promise<number> =>
      (await imageAt(alpha, 2)).reduce((total, value, at) => total + (value - none[at]!) ** 2, 0);
    const [quarter, half, all] = [await gap(0.25), await gap(0.5), await gap(1)];
    expect(quarter).toBeGreaterThan(0);
    expect(half).toBeGreaterThan(quarter);
    expect(all).toBeGreaterThan(half);
  });
});

describe('the losses of styles', () => {
  it('are 0 between an image and itself, and as worked out by hand', async () => {
    const a = { data: Float32Array.of(1, 3, 5, 7), shape: [1, 1, 2, 2] };
    const b = { data: Float32Array.of(0, 0, 2, 2), shape: [1, 1, 2, 2] };
    const results = await run({ a, b }, ({ a: x, b: y }) => ({
      content: contentLoss(x!, y!),
      same: styleLoss([x!], [x!]),
      style: styleLoss([x!, x!], [y!, y!]),
      gram: gramMatrix(x!),
      gramLoss: gramLoss([x!, y!], [gramMatrix(y!), gramMatrix(y!)]),
    }));
    const value = (name: string): number => results[name]!.data[0]!;
    expect(value('content')).toBeCloseTo((1 + 9 + 9 + 25) / 4, 5);
    expect(value('same')).toBe(0);
    // Means 4 and 1, deviations sqrt(5) and 1; each layer twice.
    expect(value('style')).toBeCloseTo(2 * (9 + (Math.sqrt(5) - 1) ** 2), 3);
    expect(value('gram')).toBeCloseTo((1 + 9 + 25 + 49) / 4, 5);
    expect(value('gramLoss')).toBeCloseTo((21 - 2) ** 2 / 2, 3);
  });
});

describe('stylizer.bin', () => {
  it('comes back as it was, and is refused where it is cut or of another make', () => {
    const stylizer = untrained({ ...SHAPE, channels: 1, layers: 1 });
    const bytes = encodeStylizer(stylizer);
    expect(decodeStylizer(bytes)).toEqual(stylizer);
    const message = 'stylizer.bin of the model cannot be read';
    expect(() => decodeStylizer(bytes.subarray(0, bytes.length - 8))).toThrow(message);
    const other = Buffer.from(bytes);
    other.write('"layers":2', other.indexOf('"layers":1'));
    expect(() => decodeStylizer(other)).toThrow(message);
  });
});

describe('a stylizer', () => {
  const grey = (width: number, height: number) => ({
    width,
    height,
    rgb: new Float32Array(3 * width * height).fill(0.5),
  });
  const options = { method: { kind: 'adain', alpha: 1 }, matchColours: 'none' } as const;
  const about = { name: 'tiny', version: '1', device: 'cpu' } as const;

  it('whose file has numbers that are none is refused, rather than give a black image', async () => {
    const { shape, weights } = untrained(SHAPE);
    const broken = Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, values.map(() => NaN)]));
    const stylizer = createStylizer({ shape, weights: broken }, executor, about);
    const answer = stylizer.stylize(grey(8, 8), grey(8, 8), options);
    await expect(answer).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
  });

  it('takes no image that is too large once it is padded', async () => {
    const stylizer = createStylizer(untrained(SHAPE), executor, about);
    const answer = stylizer.stylize(grey(2_000_000, 1), grey(8, 8), options);
    await expect(answer).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: expect.stringContaining('padded'),
    });
  });
});

import { createGraph } from '../../src/graph/graph.ts';
import { input } from '../../src/graph/operations.ts';
import { constants } from '../../src/models/scoring-graph.ts';
import { createEncoder } from '../../src/models/stylize/networks.ts';
import type { TrainedStylizer } from '../../src/models/stylize/stylizer-graphs.ts';
import type { Executor, NumberArray } from '../../src/runtime/executor.ts';

/** What the last layer of a stylizer's encoder makes of an image [1, channels, h, w] in -1 .. 1. */
export async function featuresOf(
  executor: Executor,
  { shape, weights }: TrainedStylizer,
  image: NumberArray,
): Promise<NumberArray> {
  const x = input('image', image.shape);
  const features = createEncoder(shape).apply(x, constants(weights)).at(-1)!;
  const session = await executor.compile(createGraph('features', [x], { features }));
  try {
    return (await session.run({ image }))['features']!;
  } finally {
    await session.close();
  }
}

/** Mean and deviation of each channel, in double precision. */
export function statisticsOf({ data, shape }: NumberArray): { mean: number; deviation: number }[] {
  const [, channels = 0, height = 0, width = 0] = shape;
  const area = height * width;
  return Array.from({ length: channels }, (_, channel) => {
    const values = [...data.subarray(channel * area, (channel + 1) * area)];
    const mean = values.reduce((total, value) => total + value, 0) / area;
    return { mean, deviation: Math.sqrt(values.reduce((total, value) => total + (value - mean) ** 2, 0) / area) };
  });
}

/** The largest difference between means or deviations. */
export function gapBetween(a: NumberArray, b: NumberArray): number {
  const [has, wants] = [statisticsOf(a), statisticsOf(b)];
  return Math.max(
    ...has.map((each, at) =>
      Math.max(Math.abs(each.mean - wants[at]!.mean), Math.abs(each.deviation - wants[at]!.deviation)),
    ),
  );
}

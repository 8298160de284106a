import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { resolveSettings } from '../../../src/base/settings.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { emitGraph } from '../../../src/graph/onnx/emit-graph.ts';
import { parseModel } from '../../../src/graph/onnx/read-graph.ts';
import { imageCritic } from '../../../src/models/families/image-critic.ts';
import { layersFrom } from '../../../src/models/images/conv-critic.ts';
import {
  IMAGE_EXPLAIN,
  imageExplainGraph,
  imageScoringGraph,
  type TrainedImageCritic,
} from '../../../src/models/images/scoring-graph.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../../src/models/scoring-graph.ts';
import type { Executor, NamedArrays } from '../../../src/runtime/executor.ts';
import { describeEngines } from '../../support/engines.ts';
import { needs } from '../../support/needs.ts';
import { runInPython, toPython } from '../../support/python-onnx.ts';

const image = { channels: 3, size: 16 } as const;
const WIDTH = image.channels * image.size ** 2;
const COUNT = 5;
const RANDOM = createRandom(8);

/** A critic that has learnt nothing yet: the weights that it starts with, and some biases. */
const plain = ((): TrainedImageCritic => {
  const values = resolveSettings(imageCritic.settings, { flags: {}, env: {}, file: { imageSize: image.size } });
  const plan = imageCritic.plan(values, { ...image, count: 0, values: new Float32Array(0) });
  const weights = plan.task.initial
    .filter(({ isParameter }) => isParameter)
    .map(({ name, shape, deviation }) => {
      const start = new Float32Array(shape.reduce((a, b) => a * b, 1));
      RANDOM.stream('weights', name).fillNormal(start, 0);
      return [name, start.map((value) => value * (deviation || 0.1))] as const;
    });
  return { plan, weights: Object.fromEntries(weights), mean: 0.3, deviation: 0.5, isMirrored: false };
})();
const mirrored = { ...plain, isMirrored: true };

const pixels = (of: string): Float32Array => {
  const rows = new Float32Array(COUNT * WIDTH);
  RANDOM.stream(of).fillNormal(rows, 0);
  return rows.map((value) => Math.min(255, Math.max(0, 128 + 60 * value)));
};
const [rows, counterparts] = [pixels('rows'), pixels('counterparts')];
/** Each line backwards. */
const flip = (values: Float32Array): Float32Array =>
  values.map((_, at) => values[at - (at % image.size) + image.size - 1 - (at % image.size)]!);

async function run(executor: Executor, graph: Graph, feeds: Readonly<Record<string, Float32Array>>) {
  const session = await executor.compile(graph);
  try {
    return await session.run(shaped(feeds));
  } finally {
    await session.close();
  }
}
const shaped = (feeds: Readonly<Record<string, Float32Array>>): NamedArrays =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, data]) => [name, { data, shape: [data.length / WIDTH, WIDTH] }]),
  );
const scoresOf = async (executor: Executor, critic: TrainedImageCritic, of: Float32Array): Promise<Float32Array> =>
  (await run(executor, imageScoringGraph(image, critic), { [ROWS_INPUT]: of }))[SCORES_OUTPUT]!.data;
const explain = (executor: Executor, critic: TrainedImageCritic, of: readonly [Float32Array, Float32Array]) =>
  run(executor, imageExplainGraph(image, critic), { [ROWS_INPUT]: of[0], [IMAGE_EXPLAIN.counterparts]: of[1] });

/** The largest difference, relative to 1 + |expected|. */
const gap = (found: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(found.length).toBe(expected.length);
  return Math.max(...Array.from(expected, (value, at) => Math.abs(found[at]! - value) / (1 + Math.abs(value))));
};

describeEngines(['ONNX Runtime', 'TF.js on wasm', 'TensorFlow'], 'an image whose mirror image is normal', (open) => {
  const using = async (body: (executor: Executor) => Promise<void>): Promise<void> => {
    const executor = await open();
    await body(executor).finally(() => executor.close());
  };

  it('scores as the mean of what a single pass says of it and of its mirror image', () =>
    using(async (executor) => {
      const [one, other] = [await scoresOf(executor, plain, rows), await scoresOf(executor, plain, flip(rows))];
      // Else the mean would be either of them.
      expect(gap(one, other)).toBeGreaterThan(0.01);
      const both = await scoresOf(executor, mirrored, rows);
      expect(
        gap(
          both,
          one.map((score, row) => (score + other[row]!) / 2),
        ),
      ).toBeLessThan(1e-5);
    }));

  it('scores as its mirror image does', () =>
    using(async (executor) => {
      const both = await scoresOf(executor, mirrored, rows);
      expect(gap(await scoresOf(executor, mirrored, flip(rows)), both)).toBeLessThan(1e-5);
    }));

  it('is explained by the same score: heat and counterparts of mirror images are the mirror images of theirs', () =>
    using(async (executor) => {
      const found = await explain(executor, mirrored, [rows, counterparts]);
      const scores = await scoresOf(executor, mirrored, counterparts);
      expect(gap(found[IMAGE_EXPLAIN.counterpartScores]!.data, scores)).toBeLessThan(1e-5);
      const flipped = await explain(executor, mirrored, [flip(rows), flip(counterparts)]);
      const heat = found[IMAGE_EXPLAIN.heat]!.data;
      expect(Math.max(...heat)).toBeGreaterThan(1e-3);
      expect(gap(flip(flipped[IMAGE_EXPLAIN.heat]!.data), heat)).toBeLessThan(1e-5);
      // Of a single pass they are not.
      const single = await explain(executor, plain, [rows, counterparts]);
      const singleFlipped = await explain(executor, plain, [flip(rows), flip(counterparts)]);
      const [before, after] = [single, singleFlipped].map((each) => each[IMAGE_EXPLAIN.heat]!.data);
      expect(gap(flip(after!), before!)).toBeGreaterThan(1e-3);
    }));
});

describeEngines(['ONNX Runtime'], 'an image that is scored with its mirror image', (open) => {
  it('scores alone as it does among others', async () => {
    const executor = await open();
    const together = await scoresOf(executor, mirrored, rows);
    for (let row = 0; row < COUNT; row++) {
      const [alone] = await scoresOf(executor, mirrored, rows.subarray(row * WIDTH, (row + 1) * WIDTH));
      expect(alone).toBe(together[row]);
    }
    await executor.close();
  });

  needs('python:onnxruntime').it('scores and is explained the same in Python', async () => {
    const executor = await open();
    const feeds = [{ [ROWS_INPUT]: rows }, { [ROWS_INPUT]: rows, [IMAGE_EXPLAIN.counterparts]: counterparts }];
    const graphs = [imageScoringGraph(image, mirrored), imageExplainGraph(image, mirrored)];
    const theirs = runInPython(
      graphs.map((graph, at) => ({ onnx: emitGraph(graph), feeds: toPython(shaped(feeds[at]!)) })),
    );
    for (const [at, graph] of graphs.entries()) {
      const ours = await run(executor, graph, feeds[at]!);
      for (const [name, { data }] of Object.entries(ours))
        expect(gap(theirs[at]![name]!.data, data)).toBeLessThan(1e-5);
    }
    await executor.close();
  });
});

describe('an image whose mirror image is not normal', () => {
  it('is scored by the convolutions of a single pass', () => {
    const convolutions = (critic: TrainedImageCritic): number => {
      const { node } = parseModel(emitGraph(imageScoringGraph(image, critic)));
      return node.filter(({ opType }) => opType === 'Conv').length;
    };
    expect(convolutions(plain)).toBe(layersFrom(image.size));
    expect(convolutions(mirrored)).toBe(2 * layersFrom(image.size));
  });
});

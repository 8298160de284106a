import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { Graph } from '../../src/graph/graph.ts';
import { sizeOf } from '../../src/graph/shape.ts';
import type { Extent } from '../../src/graph/tensor.ts';
import { createDecoder, createEncoder } from '../../src/models/stylize/networks.ts';
import { gatysTargets, planGatys } from '../../src/models/stylize/plan-gatys.ts';
import { planStylizer } from '../../src/models/stylize/plan-stylizer.ts';
import {
  lossName,
  measureGraph,
  STYLE_LOSSES,
  STYLIZE,
  stylizeGraph,
} from '../../src/models/stylize/stylizer-graphs.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { Executor, NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import { findDifferences } from '../support/arrays.ts';
import { ENGINES } from '../support/engines.ts';
import { initialFeeds, numbersOf } from '../support/golden-stylegan.ts';

const numberList = z.array(z.number());
const losses = z.record(z.string(), z.number());
/** What test/golden/make_stylize.py writes. */
const golden = z
  .strictObject({
    madeBy: z.string(),
    ...{ channels: z.literal(3), width: z.number(), layers: z.number(), slope: z.number(), size: z.number() },
    ...{
      batch: z.number(),
      steps: z.number(),
      learningRate: z.number(),
      styleWeight: z.number(),
      gramWeight: z.number(),
    },
    ...{ adapted: numberList, image: numberList, measured: losses },
    ...{ decoder: z.record(z.string(), numberList), gatys: numberList, optimised: numberList },
  })
  .parse(JSON.parse(readFileSync(new URL('../golden/stylize.json', import.meta.url), 'utf8')));

const { channels, width, layers, slope, size, batch, steps, learningRate, styleWeight } = golden;
const shape = { name: 'golden', channels, width, layers, slope };
const parameters = [...createEncoder(shape).parameters, ...createDecoder(shape).parameters];
const weights = Object.fromEntries(
  parameters.map(({ name, shape: of, deviation }) => [
    name,
    numbersOf(name.slice('golden.'.length), of, deviation || 0.1).data,
  ]),
);
const extents = { content: [12, 8] as Extent, style: [8, 16] as Extent };
const feeds = {
  [STYLIZE.content]: numbersOf('content', [1, channels, ...extents.content], 0.4),
  [STYLIZE.style]: numbersOf('style', [1, channels, ...extents.style], 0.4),
};

let executor: Executor;
beforeAll(async () => {
  executor = await ENGINES['ONNX Runtime'].open();
});
afterAll(() => executor.close());

async function run(graph: Graph, given: NamedArrays): Promise<NamedArrays> {
  const session = await executor.compile(graph);
  try {
    return await session.run(given);
  } finally {
    await session.close();
  }
}

async function runSteps(task: TrainingTask, given: NamedArrays): Promise<NamedArrays> {
  const rates = task.draws
    .filter((draw) => draw.kind === 'schedule')
    .map(({ input, value }): [string, NumberArray] => {
      const data = Float32Array.from({ length: steps }, (_, step) => value(step));
      return [input.attributes.name, { data, shape: [steps] }];
    });
  const session = await executor.compileSteps(task.program);
  try {
    return await session.run(steps, { ...given, ...Object.fromEntries(rates) });
  } finally {
    await session.close();
  }
}

function expectClose(data: ArrayLike<number>, wanted: readonly number[]): void {
  const shape = [wanted.length];
  expect(findDifferences({ data, shape }, { data: wanted, shape }, 2e-5)).toEqual([]);
}

describe('a stylizer', () => {
  it("makes PyTorch's features, image and losses", async () => {
    const made = await run(stylizeGraph({ shape, weights }, extents, 0.7), feeds);
    expectClose(made[STYLIZE.adapted]!.data, golden.adapted);
    expectClose(made[STYLIZE.image]!.data, golden.image);
    const image = made[STYLIZE.image]!;
    const measured = await run(measureGraph({ shape, weights }, extents), { ...feeds, [STYLIZE.image]: image });
    for (const loss of STYLE_LOSSES) expectClose(measured[lossName(loss)]!.data, [golden.measured[loss]!]);
  });

  it("takes PyTorch's ten steps", async () => {
    const network = { name: 'golden', channels, size, width, slope, hidden: 1 };
    const pool = { rows: new Float32Array(channels * size ** 2), chosen: Uint32Array.of(0) };
    const { task } = planStylizer({ network, layers, batch, steps, learningRate, styleWeight }, pool, pool);
    const drawn = ['contents', 'styles'].map((name) => [
      name,
      numbersOf(name, [steps, batch, channels, size, size], 0.4),
    ]);
    const results = await runSteps(task, { ...initialFeeds(task), ...(Object.fromEntries(drawn) as NamedArrays) });
    for (const [name, wanted] of Object.entries(golden.decoder)) expectClose(results[`report.${name}`]!.data, wanted);
  });

  it("optimises pixels as PyTorch does, by Gatys' losses", async () => {
    const graph = gatysTargets({ shape, weights }, extents);
    const task = planGatys({ shape, weights }, graph, { steps, learningRate, styleWeight: golden.gramWeight });
    const state = task.initial.map(({ name, shape: of }): [string, NumberArray] => {
      return [name, name === 'image' ? feeds[STYLIZE.content] : { data: new Float32Array(sizeOf(of)), shape: of }];
    });
    const results = await runSteps(task, { ...Object.fromEntries(state), ...(await run(graph, feeds)) });
    expectClose(results['report.loss']!.data, golden.gatys);
    expectClose(results['state.image']!.data, golden.optimised);
  });
});

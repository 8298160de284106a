import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { evaluateReference, type Doubles } from '../support/reference.ts';
import { stateName, stepGraph } from '../../src/graph/program.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';
import { describeEngines, ENGINES } from '../support/engines.ts';
import { readGolden } from '../support/golden.ts';
import { goldenFeeds, goldenTask } from '../support/golden-task.ts';

const golden = readGolden();
const task = goldenTask(golden);
const perStep = new Set(task.draws.map(({ input }) => input.attributes.name));

/** The first `steps` steps of the golden run. */
function feedsOf(steps: number): NamedArrays {
  const entries = Object.entries(goldenFeeds(golden)).map(([name, { data, shape }]) => {
    if (!perStep.has(name)) return [name, { data, shape }];
    const size = data.length / golden.steps;
    return [name, { data: data.slice(0, steps * size), shape: [steps, ...shape.slice(1)] }];
  });
  return Object.fromEntries(entries) as NamedArrays;
}

/** Twenty steps: those of the golden run, then other noise. */
function longFeeds(): NamedArrays {
  const random = createRandom(3);
  const entries = Object.entries(goldenFeeds(golden)).map(([name, { data, shape }]) => {
    const draw = task.draws.find(({ input }) => input.attributes.name === name);
    if (!draw) return [name, { data, shape }];
    const more = new Float32Array(data.length);
    const stream = random.stream(name);
    if (draw.kind === 'normal') stream.fillNormal(more, 0);
    if (draw.kind === 'uniform') stream.fillUniform(more, 0);
    if (draw.kind === 'integers') stream.fillIntegers(more, 0, draw.bound);
    if (draw.kind === 'schedule') more.forEach((_, step) => (more[step] = draw.value(golden.steps + step)));
    return [name, { data: Float32Array.of(...data, ...more), shape: [2 * golden.steps, ...shape.slice(1)] }];
  });
  return Object.fromEntries(entries) as NamedArrays;
}

function findAllDifferences(actual: NamedArrays, expected: NamedArrays, tolerance: number): string[] {
  return Object.entries(expected).flatMap(([name, array]) => {
    const scale = rootMeanSquare(array);
    return findDifferences(actual[name], array, tolerance, scale).map((fault) => `${name} ${fault}`);
  });
}

let ort: Executor;
beforeAll(async () => {
  ort = await ENGINES['ONNX Runtime'].open();
});
afterAll(() => ort.close());

async function run(executor: Executor, steps: number, feeds: NamedArrays): Promise<NamedArrays> {
  const session = await executor.compileSteps(task.program);
  const results = await session.run(steps, feeds);
  await session.close();
  return results;
}

describeEngines(['TF.js on wasm', 'TensorFlow'], 'a whole WGAN-GP training step', (open) => {
  let tfjs: Executor;
  beforeAll(async () => {
    tfjs = await open();
  });
  afterAll(() => tfjs.close());

  it('has the same state and losses on ONNX Runtime, on TF.js, and in double precision', async () => {
    const feeds = feedsOf(1);
    const doubles = Object.entries(feeds).map(([name, { data, shape }]): [string, Doubles] => [
      name,
      { data: Float64Array.from(data), shape: perStep.has(name) ? shape.slice(1) : shape },
    ]);
    const { outputs } = stepGraph(task.program);
    const values = evaluateReference(Object.values(outputs), Object.fromEntries(doubles));
    const expected = Object.keys(outputs).map((name, index) => {
      const { data, shape } = values[index]!;
      return [name, { data: Float32Array.from(data), shape: name.startsWith('report.') ? [1] : shape }];
    });
    const [onOrt, onTfjs] = [await run(ort, 1, feeds), await run(tfjs, 1, feeds)];
    const reference = Object.fromEntries(expected) as NamedArrays;
    expect(findAllDifferences(onOrt, reference, 1e-5)).toEqual([]);
    expect(findAllDifferences(onTfjs, reference, 1e-5)).toEqual([]);
  });

  it('stays the same on both engines through twenty steps in one Loop', async () => {
    const feeds = longFeeds();
    const [onOrt, onTfjs] = [await run(ort, 20, feeds), await run(tfjs, 20, feeds)];
    expect(onOrt['report.criticLoss']!.shape).toEqual([20]);
    expect(findAllDifferences(onTfjs, onOrt, 1e-4)).toEqual([]);
  });
});

describe('a training step in a Loop', () => {
  it('gives the same bytes in one Loop of ten steps as in ten Loops of one', async () => {
    const feeds = goldenFeeds(golden);
    const whole = await run(ort, golden.steps, feeds);
    const session = await ort.compileSteps(task.program);
    let state: NamedArrays = feeds;
    for (let step = 0; step < golden.steps; step++) {
      const slices = Object.entries(feeds).map(([name, { data, shape }]) => {
        if (!perStep.has(name)) return [name, state[name]!];
        const size = data.length / golden.steps;
        return [name, { data: data.slice(step * size, (step + 1) * size), shape: [1, ...shape.slice(1)] }];
      });
      const results = await session.run(1, Object.fromEntries(slices) as NamedArrays);
      const next = task.initial.map(({ name }) => [name, results[stateName(name)]!]);
      state = { ...feeds, ...(Object.fromEntries(next) as NamedArrays) };
    }
    await session.close();
    for (const { name } of task.initial) expect(state[name]!.data).toEqual(whole[stateName(name)]!.data);
  });
});

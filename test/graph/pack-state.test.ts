import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { packState } from '../../src/graph/onnx/pack-state.ts';
import { add, concat, input, mean, multiply, reshape, slice, square, sum } from '../../src/graph/operations.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { printGraph } from '../../src/graph/print.ts';
import { stepGraph, type StepProgram } from '../../src/graph/program.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { updateParameters } from '../../src/models/optimisers/optimiser.ts';
import { createStepBuilder } from '../../src/models/step-builder.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';

const STEPS = 3;
const shapes = { weight: [2, 3], bias: [3], other: [4] };

/** Two parameters that Adam moves, and a variable of its own. */
function program(): StepProgram {
  const step = createStepBuilder();
  const parameters = (['weight', 'bias'] as const).map((name) => ({ name, shape: shapes[name], deviation: 1 }));
  const values = parameters.map(step.parameters);
  const loss = add(mean(square(values[0]!)), sum(multiply(values[1]!, square(values[1]!))));
  const rate = step.read('other', shapes.other);
  const optimiser = { kind: 'adam', beta1: 0.5, beta2: 0.9, epsilon: 1e-8, learningRate: () => 0.1 } as const;
  updateParameters(step, optimiser, { name: 'update', loss, parameters, update: (at) => at });
  step.update('other', multiply(rate, 2));
  step.report('loss', loss);
  return step.finish({ name: 'packed', title: 'packed', steps: STEPS, updatesPerStep: 1 }).program;
}

const namesOf = ({ state }: StepProgram): string[] => state.map(({ input: { attributes } }) => attributes.name);

function feedsOf({ state, perStep }: StepProgram, steps: number): NamedArrays {
  const fill = ({ shape }: Tensor, more: readonly number[]): NamedArrays[string] => {
    const whole = [...more, ...(shape as readonly number[])];
    const length = whole.reduce((product, extent) => product * extent, 1);
    return { data: Float32Array.from({ length }, (_, at) => 0.3 + at / 7), shape: whole };
  };
  return Object.fromEntries([
    ...state.map(({ input: each }) => [each.attributes.name, fill(each, [])] as const),
    ...perStep.map((each) => [each.attributes.name, fill(each, [steps])] as const),
  ]);
}

describe('variables that a step lays side by side', () => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  });
  afterAll(() => executor.close());

  it('are carried as one: parameters, and each memory of them', () => {
    const { program: packed, packs } = packState(program());
    expect(packs.map(({ parts }) => parts.map(({ input: { attributes } }) => attributes.name)).sort()).toEqual([
      ['weight', 'bias'],
      ['weight.m', 'bias.m'],
      ['weight.v', 'bias.v'],
    ]);
    expect(namesOf(packed)).toEqual(['other', ...packs.map(({ whole }) => whole.attributes.name)]);
    const operations = printGraph(stepGraph(packed)).match(/\bconcat\b/g);
    expect(operations).toHaveLength(1); // of the derivatives
  });

  it('have the bytes that single steps give them, by their own names', async () => {
    const whole = program();
    const feeds = feedsOf(whole, STEPS);
    const together = await executor.compileSteps(whole);
    const results = await together.run(STEPS, feeds);
    const alone = await executor.compile(stepGraph(whole));
    let state = feeds;
    for (let step = 0; step < STEPS; step++) {
      const drawn = whole.perStep.map(({ attributes: { name }, shape }) => {
        return [name, { data: feeds[name]!.data.slice(step, step + 1), shape: shape as readonly number[] }] as const;
      });
      const after = await alone.run({ ...state, ...Object.fromEntries(drawn) });
      state = Object.fromEntries(namesOf(whole).map((name) => [name, after[`state.${name}`]!]));
    }
    for (const name of namesOf(whole)) expect(results[`state.${name}`]).toEqual(state[name]);
    expect(results['state.weight']!.data).not.toEqual(feeds['weight']!.data);
  });

  it('stay as they are where one is in two rows, or twice in one', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => input(name, [2]));
    const rows = [concat([a!, b!], 0), concat([b!, c!], 0), concat([c!, c!], 0)];
    const state = [a!, b!, c!].map((each, at) => ({ input: each, next: slice(multiply(rows[at]!, 3), 0, 1, 3) }));
    const { packs } = packState({ name: 'rows', state, shared: [], perStep: [], reports: {} });
    expect(packs.map(({ parts }) => parts.map((part) => part.input))).toEqual([[a, b]]);
  });
});

describe('parts of a tensor that are put together again', () => {
  const x = input('x', [2, 3]);
  const flat = reshape(x, [6]);
  const of = (...parts: readonly (readonly [number, number])[]): Tensor =>
    concat(
      parts.map(([start, end]) => slice(flat, 0, start, end)),
      0,
    );
  const simple = (tensor: Tensor): Tensor => simplify(createGraph('parts', [x], { out: tensor })).outputs['out']!;

  it('are the tensor, where all of them are there and in their order', () => {
    expect(simple(of([0, 2], [2, 3], [3, 6])).primitive).toBe('reshape');
    expect(simple(of([2, 6], [0, 2])).primitive).toBe('concat');
    expect(simple(of([0, 2], [0, 2], [4, 6])).primitive).toBe('concat');
  });
});

import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { gradients } from '../../src/graph/gradients.ts';
import { createGraph } from '../../src/graph/graph.ts';
import { add, constant, detach, input, mean, multiply, negate } from '../../src/graph/operations.ts';
import { simplify } from '../../src/graph/simplify.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { createMlp } from '../../src/models/layers/mlp.ts';
import { parameterInputs, type Network, type ParameterValues } from '../../src/models/layers/parameters.ts';
import {
  between,
  logisticLoss,
  squaredGradientNorm,
  twoSidedPenalty,
  wassersteinLoss,
  zeroCentredPenalty,
} from '../../src/models/losses.ts';
import type { Executor, NamedArrays } from '../../src/runtime/executor.ts';
import { describeEngines } from '../support/engines.ts';
import { findDifferences, rootMeanSquare } from '../support/arrays.ts';
import { readGolden } from '../support/golden.ts';
import { goldenFeeds, goldenTask } from '../support/golden-task.ts';

const golden = readGolden();
const { batch, features, latent, hidden, slope } = golden;
const critic = createMlp({ name: 'critic', widths: [features, ...hidden, 1], slope });
const generator = createMlp({ name: 'generator', widths: [latent, ...hidden, features], slope });
const first = (name: string, width: number): Tensor => {
  return constant(golden.noise[name]!.slice(0, batch * width), [batch, width]);
};
const tableRows = golden.noise['rowIndices.0']!.slice(0, batch).flatMap((row) =>
  golden.table.slice(row * features, (row + 1) * features),
);
const x = constant(tableRows, [batch, features]);
const z = first('latent.0', latent);
const mix = first('mix.0', 1);

/** Compares with golden arrays; the tolerance is relative to an array's own size. */
function expectGolden(actual: NamedArrays, name: string, wanted: readonly number[], tolerance: number): void {
  const { shape } = actual[name]!;
  const expected = { shape, data: Float32Array.from(wanted) };
  expect({ name, faults: findDifferences(actual[name], expected, tolerance, rootMeanSquare(expected)) }).toEqual({
    name,
    faults: [],
  });
}

describeEngines(['ONNX Runtime', 'TF.js on wasm', 'TensorFlow'], 'against PyTorch', (open) => {
  let executor: Executor;
  beforeAll(async () => {
    executor = await open();
  });
  afterAll(() => executor.close());

  /** What a formula over the initial weights of networks computes. */
  async function evaluate(
    networks: readonly Network[],
    formula: (values: ParameterValues, weights: (network: Network) => Tensor[]) => Record<string, Tensor>,
  ): Promise<NamedArrays> {
    const inputs = parameterInputs(networks.flatMap(({ parameters }) => parameters));
    const valueOf: ParameterValues = (parameter) => inputs.get(parameter) ?? input('absent', []);
    const outputs = formula(valueOf, ({ parameters }) => parameters.map(valueOf));
    const session = await executor.compile(simplify(createGraph('golden', [...inputs.values()], outputs)));
    const feeds = [...inputs.keys()].map(({ name, shape }) => [
      name,
      { data: Float32Array.from(golden.initial[name]!), shape },
    ]);
    const results = await session.run(Object.fromEntries(feeds) as NamedArrays);
    await session.close();
    return results;
  }
  const named = ({ parameters }: Network, tensors: readonly Tensor[]): Record<string, Tensor> =>
    Object.fromEntries(parameters.map(({ name }, index) => [`by ${name}`, tensors[index]!]));

  it('has the gradient of a critic with respect to its input, and the second derivative in the penalty', async () => {
    const results = await evaluate([critic, generator], (values, weights) => {
      const mixed = between(generator.apply(z, values), x, mix);
      const f = critic.apply(mixed, values);
      const penalty = twoSidedPenalty(squaredGradientNorm(f, mixed));
      const byWeight = named(critic, gradients(penalty, weights(critic)));
      return { inputGradient: gradients(f, [mixed])[0]!, ...byWeight };
    });
    expectGolden(results, 'inputGradient', golden.oneStep.inputGradient, 1e-5);
    for (const [name, wanted] of Object.entries(golden.oneStep.penaltyGradients)) {
      expectGolden(results, `by ${name}`, wanted, 1e-5);
    }
  });

  it('has the gradients of one WGAN-GP critic update and one generator update', async () => {
    const results = await evaluate([critic, generator], (values, weights) => {
      const fake = detach(generator.apply(z, values));
      const mixed = between(fake, x, mix);
      const penalty = twoSidedPenalty(squaredGradientNorm(critic.apply(mixed, values), mixed));
      const loss = add(
        wassersteinLoss(critic.apply(x, values), critic.apply(fake, values)),
        multiply(penalty, golden.lambda),
      );
      const generated = generator.apply(first('latent', latent), values);
      const generatorLoss = negate(mean(critic.apply(generated, values)));
      return {
        ...named(critic, gradients(loss, weights(critic))),
        ...named(generator, gradients(generatorLoss, weights(generator))),
      };
    });
    const { criticGradients, generatorGradients } = golden.oneStep;
    for (const [name, wanted] of Object.entries({ ...criticGradients, ...generatorGradients })) {
      expectGolden(results, `by ${name}`, wanted, 1e-5);
    }
  });

  it('has the gradients of the logistic loss with a zero-centred penalty on pairs', async () => {
    const y = constant(golden.logistic.y, [batch, features]);
    const results = await evaluate([critic], (values, weights) => {
      const mixed = between(x, y, mix);
      const penalty = zeroCentredPenalty(squaredGradientNorm(critic.apply(mixed, values), mixed));
      const objective = logisticLoss(critic.apply(y, values), critic.apply(x, values));
      const loss = add(objective, multiply(penalty, golden.logistic.lambda));
      return { loss, ...named(critic, gradients(loss, weights(critic))) };
    });
    expectGolden(results, 'loss', [golden.logistic.loss], 1e-6);
    for (const [name, wanted] of Object.entries(golden.logistic.gradients))
      expectGolden(results, `by ${name}`, wanted, 1e-5);
  });

  it("has the losses of ten steps of the family's WGAN-GP, and the weights after them", async () => {
    const session = await executor.compileSteps(goldenTask(golden).program);
    const results = await session.run(golden.steps, goldenFeeds(golden));
    await session.close();
    expect(golden.losses.criticLoss).toHaveLength(10);
    for (const [name, wanted] of Object.entries(golden.losses)) expectGolden(results, `report.${name}`, wanted, 1e-5);
    for (const [name, wanted] of Object.entries(golden.final)) {
      expectGolden(results, `state.golden.${name}`, wanted, 1e-5);
    }
  });
});

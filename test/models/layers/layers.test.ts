import { describe, expect, it } from '@jest/globals';
import { gradients } from '../../../src/graph/gradients.ts';
import { constant, input, sum } from '../../../src/graph/operations.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { dropOut } from '../../../src/models/layers/dropout.ts';
import { createMlp, type LayerOptions } from '../../../src/models/layers/mlp.ts';
import { largestSingularValue } from '../../../src/models/layers/norms.ts';
import { parameterInputs, type Network, type ParameterValues } from '../../../src/models/layers/parameters.ts';
import type { TrainingPass } from '../../../src/models/layers/training-pass.ts';
import { squaredGradientNorm, twoSidedPenalty } from '../../../src/models/losses.ts';
import { findWrongDerivatives } from '../../support/derivative-check.ts';
import { normal } from '../../support/primitive-samples.ts';
import { evaluateReference, type Doubles } from '../../support/reference.ts';
import { needs } from '../../support/needs.ts';
import { runPythonJson } from '../../support/python.ts';

const PLAIN: LayerOptions = { norm: 'none', dropout: 0, batch: 'none', kernels: 3, kernelWidth: 2 };
const LAYERS: readonly (readonly [string, LayerOptions])[] = [
  ['layer normalisation', { ...PLAIN, norm: 'layer' }],
  ['spectral normalisation', { ...PLAIN, norm: 'spectral' }],
  ['dropout', { ...PLAIN, dropout: 0.4 }],
  ['minibatch discrimination', { ...PLAIN, batch: 'discrimination' }],
  ['minibatch standard deviation', { ...PLAIN, batch: 'deviation' }],
  ['all of them', { norm: 'layer', dropout: 0.4, batch: 'discrimination', kernels: 3, kernelWidth: 2 }],
];

/** A critic with every number that it knows of as an input, drawn by its name. */
function withValues(layers: LayerOptions): {
  network: Network;
  values: ParameterValues;
  feeds: Record<string, Doubles>;
} {
  const network = createMlp({ name: 'critic', widths: [3, 5, 4, 1], slope: 0.2, layers });
  const feeds: Record<string, Doubles> = {};
  const inputs = new Map<string, Tensor<'input'>>();
  const values: ParameterValues = ({ name, shape }) => {
    feeds[name] ??= normal(name, ...(shape as number[]));
    inputs.set(name, inputs.get(name) ?? input(name, shape));
    return inputs.get(name)!;
  };
  return { network, values, feeds };
}

const scoresOf = (rows: Doubles, layers: LayerOptions, pass?: TrainingPass): number[] => {
  const { network, values, feeds } = withValues(layers);
  const x = input('x', rows.shape);
  const f = network.apply(x, values, pass);
  return [...evaluateReference([f], { ...feeds, x: rows })[0]!.data];
};

/** A pass that keeps all units of odd places and renews nothing. */
const training: TrainingPass = {
  batches: 1,
  uniform: (_, shape) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return constant(
      Float32Array.from({ length: size }, (__, at) => at % 2),
      shape,
    );
  },
  keep: null,
  decay: () => constant(0),
};

const rows = normal('rows', 6, 3);
const part = ({ data }: Doubles, from: number, to: number): Doubles => {
  return { shape: [to - from, 3], data: data.slice(3 * from, 3 * to) };
};

describe.each(LAYERS)('a critic with %s', (_, layers) => {
  it('scores a row alone as among any batch mates', () => {
    const together = scoresOf(rows, layers);
    together.forEach((score, row) => expect(scoresOf(part(rows, row, row + 1), layers)[0]).toBeCloseTo(score, 12));
  });

  it('has the derivatives of a penalty on it, to the order that training takes', () => {
    const { network, values, feeds } = withValues(layers);
    const x = input('x', [6, 3]);
    const penalty = twoSidedPenalty(squaredGradientNorm(network.apply(x, values), x));
    const inputs = [...parameterInputs(network.parameters).keys()].map((each) => values(each) as Tensor<'input'>);
    // A singular vector is a constant for derivatives, so that only the true singular vector has those of differences.
    const xs = layers.norm === 'spectral' ? [x] : [x, ...inputs];
    expect(findWrongDerivatives({ f: penalty, xs, feeds: { ...feeds, x: rows }, derivative: gradients })).toEqual([]);
  });
});

describe('a critic in training', () => {
  const batched = LAYERS.filter(([, { batch }]) => batch !== 'none');
  it.each(batched)('sees with %s the batch that a row is in', (_, layers) => {
    const among = scoresOf(rows, { ...layers, dropout: 0 }, training)[0]!;
    const others = scoresOf(part(rows, 0, 3), { ...layers, dropout: 0 }, training)[0]!;
    expect(Math.abs(among - others)).toBeGreaterThan(1e-3);
  });

  it.each(batched)('sees with %s each of several batches by itself', (_, layers) => {
    const pair = scoresOf(rows, { ...layers, dropout: 0 }, { ...training, batches: 2 });
    const single = [part(rows, 0, 3), part(rows, 3, 6)].flatMap((half) =>
      scoresOf(half, { ...layers, dropout: 0 }, training),
    );
    pair.forEach((score, row) => expect(score).toBeCloseTo(single[row]!, 12));
  });

  it('drops units by the mask that is drawn, and makes the others so much larger that their mean stays', () => {
    const h = constant([1, 2, 3, 4], [1, 4]);
    const dropped = evaluateReference([dropOut(h, 0.5, 'h', training)], {})[0]!;
    expect([...dropped.data]).toEqual([0, 4, 0, 8]);
    expect(dropOut(h, 0.5, 'h')).toBe(h);
  });
});

describe('what a batch layer keeps', () => {
  it.each(['discrimination', 'deviation'] as const)(
    'is after one update what %s said of the real rows, and scoring says the same',
    (batch) => {
      const layers = { ...PLAIN, batch };
      const network = createMlp({ name: 'critic', widths: [3, 4, 1], slope: 0.2, layers });
      const kept = new Map<string, Tensor>();
      const x = constant(Float32Array.from(rows.data), [6, 3]);
      const pass: TrainingPass = { ...training, batches: 2, keep: ({ name }, value) => void kept.set(name, value) };
      const { values, feeds } = withValues(layers);
      network.apply(x, values, pass);
      const usual = kept.get('critic.batch.usual')!;
      const [found] = evaluateReference([usual], feeds);
      expect(found!.data.every((value) => value > 0)).toBe(true);
      // A critic whose rows all are the usual batch: the mean of its training scores is that of its scores.
      const real = constant(Float32Array.from(rows.data.slice(0, 9)), [3, 3]);
      const inTraining = network.apply(real, values, training);
      const inScoring = network.apply(real, (each) => (each.name === 'critic.batch.usual' ? usual : values(each)));
      const [a, b] = evaluateReference([sum(inTraining), sum(inScoring)], feeds);
      expect(a!.data[0]).toBeCloseTo(b!.data[0]!, 6);
    },
  );
});

describe('spectral normalisation', () => {
  const w = normal('w', 7, 4);

  /** A singular value by so many power iterations from a random start. */
  function estimate(iterations: number): number {
    const layers = { ...PLAIN, norm: 'spectral' } as const;
    const network = createMlp({ name: 'critic', widths: [7, 4], slope: 0, layers });
    let singular: Doubles = normal('start', 1, 4);
    const weight = input('w', [7, 4]);
    for (let iteration = 0; iteration < iterations; iteration++) {
      const u = input('u', [1, 4]);
      const kept: Tensor[] = [];
      const values: ParameterValues = ({ name, shape }) =>
        name === 'critic.0.singular' ? u : name === 'critic.0.weight' ? weight : constant(new Float32Array(4), shape);
      network.apply(constant(new Float32Array(7), [1, 7]), values, {
        ...training,
        keep: (_, value) => void kept.push(value),
      });
      singular = evaluateReference(kept, { w, u: singular })[0]!;
    }
    const u = input('u', [1, 4]);
    return evaluateReference([largestSingularValue(weight, u)], { w, u: singular })[0]!.data[0]!;
  }

  needs('python:numpy').it("finds the largest singular value that NumPy's decomposition has", () => {
    const script = 'import json, numpy, sys; print(json.dumps(numpy.linalg.svd(json.load(sys.stdin))[1].tolist()))';
    const matrix = Array.from({ length: 7 }, (_, row) => [...w.data.slice(4 * row, 4 * row + 4)]);
    const [largest] = runPythonJson(script, matrix) as number[];
    expect(estimate(60)).toBeCloseTo(largest!, 9);
    expect(estimate(1)).toBeLessThan(largest! - 1e-6);
  });

  it('has the derivative of the singular value: of one column that is its direction, whatever the vector', () => {
    const column = input('column', [7, 1]);
    const sigma = largestSingularValue(column, constant([2], [1, 1]));
    const feeds = { column: normal('w', 7, 1) };
    const [value, slope] = evaluateReference([sigma, gradients(sigma, [column])[0]!], feeds);
    const length = Math.hypot(...feeds.column.data);
    expect(value!.data[0]).toBeCloseTo(length, 9);
    slope!.data.forEach((each, at) => expect(each).toBeCloseTo(feeds.column.data[at]! / length, 9));
  });

  it('is of the weights only: the singular vector is kept, and no optimiser moves it', () => {
    const layers = { ...PLAIN, norm: 'spectral' } as const;
    const { parameters } = createMlp({ name: 'critic', widths: [7, 4], slope: 0, layers });
    expect(parameters.map(({ name }) => name)).toEqual(['critic.0.weight', 'critic.0.bias']);
  });
});

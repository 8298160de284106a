import { describe, expect, it } from '@jest/globals';
import { decodeWeights, encodeWeights, type Weights } from '../../../src/training/continue/weights-file.ts';

const WEIGHTS: Weights = {
  transform: {
    ...{ numbers: [], levels: [], fixed: [{ slot: 0, value: 0.1 }], clip: 20 },
    cycles: [{ name: 'Zeit, täglich', slot: 1, unit: 1, period: 86_400, imputed: 1 / 3 }],
  },
  scale: 0.123456789012345,
  seed: 7,
  tasks: {
    own: { 'own.critic.0.weight': Float32Array.of(1.5, -2, 1e-30), 'own.critic.0.bias': new Float32Array(0) },
    logistic: { 'logistic.0.weight': Float32Array.of(Math.fround(0.1)) },
  },
};

describe('weights.bin', () => {
  it('comes back as it was written, to the bit', () => {
    expect(decodeWeights(encodeWeights(WEIGHTS))).toEqual(WEIGHTS);
  });

  it('is the same bytes for the same weights', () => {
    expect(encodeWeights(structuredClone(WEIGHTS))).toEqual(encodeWeights(WEIGHTS));
  });

  it('is read from anywhere in memory', () => {
    const bytes = encodeWeights(WEIGHTS);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeWeights(shifted.subarray(3))).toEqual(WEIGHTS);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['half of it', encodeWeights(WEIGHTS).slice(0, 60)],
    ['all but the last value', encodeWeights(WEIGHTS).slice(0, -4)],
  ])('is refused where it is %s', (_, bytes) => {
    expect(() => decodeWeights(bytes)).toThrow(/weights\.bin of the model cannot be read/);
  });
});

import { AristarchError } from '../base/errors.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import { add, input, matMul } from '../graph/operations.ts';
import type { NamedArrays } from './executor.ts';

export interface Probe {
  readonly graph: Graph;
  readonly feeds: NamedArrays;
  /** Throws where the answer is wrong. */
  check(results: NamedArrays): void;
}

/** A computation whose answer is known: [1 2] [3 4]' + 5 = 16. */
export function createProbe(): Probe {
  const [a, b, c] = [input('a', [1, 2]), input('b', [2, 1]), input('c', [1, 1])];
  return {
    graph: createGraph('probe', [a, b, c], { y: add(matMul(a, b), c) }),
    feeds: {
      a: { data: Float32Array.of(1, 2), shape: [1, 2] },
      b: { data: Float32Array.of(3, 4), shape: [2, 1] },
      c: { data: Float32Array.of(5), shape: [1, 1] },
    },
    check: (results) => {
      const answer = results['y']?.data[0];
      if (answer !== 16)
        throw new AristarchError('INTERNAL', `the device computed ${String(answer)} where 16 is right`);
    },
  };
}

import { afterAll, describe, expect, it } from '@jest/globals';
import { createGraph } from '../../../src/graph/graph.ts';
import { emitGraph } from '../../../src/graph/onnx/emit-graph.ts';
import * as op from '../../../src/graph/operations.ts';
import { BATCH } from '../../../src/graph/shape.ts';
import type { Tensor } from '../../../src/graph/tensor.ts';
import { openRowProgram } from '../../../src/runtime/rows/row-program.ts';

type Module = new (bytes: Uint8Array) => object;
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: { Module: Module } };
const { Module: Real } = wasm;
let modules = 0;
wasm.Module = class extends Real {
  constructor(bytes: Uint8Array) {
    super(bytes);
    modules++;
  }
};
afterAll(() => void (wasm.Module = Real));

/** Modules that are compiled in each part of the making of a program. */
function modulesOfParts(width: number, build: (x: Tensor) => Tensor): number[] {
  const x = op.input('rows', [BATCH, width]);
  const work = openRowProgram(emitGraph(createGraph('row', [x], { y: build(x) })), width);
  const counts: number[] = [];
  for (let isDone = false; !isDone;) {
    const before = modules;
    const { done, value } = work.next();
    if (typeof value === 'object' && 'absent' in value) throw new Error(value.absent);
    counts.push(modules - before);
    isDone = done === true;
  }
  return counts;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('the making of a row program', () => {
  it('compiles a kernel in a part, only those that are needed, and once for all programs', () => {
    const build = (x: Tensor): Tensor => op.sqrt(op.abs(op.floor(op.add(x, x))));
    const first = modulesOfParts(4, build);
    expect([Math.max(...first), sum(first)]).toEqual([1, 4]);
    expect(sum(modulesOfParts(4, build))).toBe(0);
    expect(sum(modulesOfParts(4, (x) => op.negate(op.abs(x))))).toBe(1);
  });

  it('writes some thousand weights in a part, however many there are', () => {
    const partsOf = (inner: number, columns: number): number =>
      modulesOfParts(inner, (x) => op.matMul(x, op.constant(new Float32Array(inner * columns), [inner, columns])))
        .length;
    for (const columns of [64, 1024]) {
      const more = partsOf(1000, columns) - partsOf(8, columns);
      expect(more).toBeGreaterThanOrEqual(Math.floor((992 * columns) / 2 ** 14));
    }
  });
});

import { toAristarchError } from '../../base/errors.ts';
import type { InParts } from '../../base/in-parts.ts';
import type { Graph } from '../../graph/graph.ts';
import { fusedProducts } from '../../graph/onnx/fusions.ts';
import { readGraphInParts } from '../../graph/onnx/read-graph.ts';
import { topologicalOrder } from '../../graph/order.ts';
import { applyRule, type Tensor } from '../../graph/tensor.ts';
import { createKernels } from './compile.ts';
import { UNSURE_AT } from './kernels.ts';
import { placeProduct, rowRules } from './lower.ts';
import { createPlan, type GrowingPlan, lengthOf, NotByRow } from './plan.ts';

/** A graph for one row, as calls of kernels in WebAssembly. */
export interface RowProgram {
  /** One row -> its values, which the next run overwrites; undefined where they might not be ONNX Runtime's, to the bit. */
  readonly run: (row: Float32Array) => Float32Array | undefined;
}

/**
 * The program of a model's file whose rows have so many values, or why there is none: an operator whose bits are ONNX Runtime's own, or a machine that cannot run the
 * kernels.
 */
export function* openRowProgram(onnx: Uint8Array, rowWidth: number): InParts<RowProgram | { readonly absent: string }> {
  try {
    return yield* instantiate(yield* planOf(yield* readGraphInParts(onnx), rowWidth));
  } catch (thrown) {
    return { absent: toAristarchError(thrown).message };
  }
}

interface PlannedGraph {
  readonly plan: GrowingPlan;
  readonly rowAt: number;
  readonly rowLength: number;
  readonly outputAt: number;
  readonly outputLength: number;
}

function* planOf(graph: Graph, rowWidth: number): InParts<PlannedGraph> {
  const [input, ...others] = graph.inputs;
  const [output, ...more] = Object.values(graph.outputs);
  if (!input || !output || others.length + more.length > 0) throw new NotByRow('it has several inputs or outputs');
  const rowLength = lengthOf(input.shape);
  if (rowLength !== rowWidth) throw new NotByRow(`its rows have ${rowLength} values, and not ${rowWidth}`);
  const plan = createPlan();
  const rowAt = plan.room(rowLength);
  plan.place(input, rowAt);
  const order = topologicalOrder([output]);
  const fused = fusedProducts({ order, kept: new Set([output]) });
  const inner = new Set([...fused.values()].flatMap((fusion) => fusion.inner));
  for (const tensor of order) {
    yield;
    const [product] = (fused.get(tensor)?.inner ?? []) as readonly Tensor<'matMul'>[];
    if (product) placeSum(tensor, product, plan);
    else if (tensor !== input && !inner.has(tensor)) applyRule(rowRules, tensor, plan);
  }
  const outputLength = lengthOf(output.shape);
  return { plan, rowAt, rowLength, outputAt: plan.values(output, outputLength), outputLength };
}

/** A product and what is added to it: a bias. */
function placeSum(tensor: Tensor, product: Tensor<'matMul'>, plan: GrowingPlan): void {
  const operands: readonly Tensor[] = tensor.inputs;
  const other = operands.find((operand) => operand !== product)!;
  placeProduct(tensor, { product, addend: plan.values(other, lengthOf(tensor.shape)) }, plan);
}

function* instantiate({ plan, rowAt, rowLength, outputAt, outputLength }: PlannedGraph): InParts<RowProgram> {
  const names = new Set(plan.steps.map(({ kernel }) => kernel));
  const { kernels, buffer } = yield* createKernels(names, plan.bytes());
  for (const [at, { length, fill }] of plan.fills) {
    yield* fill(new Float32Array(buffer, at, length));
  }
  const steps = plan.steps.map((step) => ({ ...step, kernel: kernels.get(step.kernel)! }));
  const row = new Float32Array(buffer, rowAt, rowLength);
  const output = new Float32Array(buffer, outputAt, outputLength);
  const unsure = new Int32Array(buffer, UNSURE_AT, 1);
  return {
    run: (values) => {
      unsure[0] = 0;
      row.set(values);
      for (const { kernel, out, a, b, c, count } of steps) kernel(out, a, b, c, count);
      return unsure[0] === 0 ? output : undefined;
    },
  };
}

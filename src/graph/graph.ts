import { topologicalOrder } from './order.ts';
import { applyRule, type Tensor } from './tensor.ts';
import { shapeRules } from './primitives/shapes.ts';
import { sameShape, shapeError, showShape } from './shape.ts';

/** A named computation: what goes in, what comes out. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Tensor<'input'>[];
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** A graph of the given outputs; its inputs are those declared, in their order. */
export function createGraph(name: string, inputs: readonly Tensor<'input'>[], outputs: Record<string, Tensor>): Graph {
  const graph = { name, inputs, outputs };
  checkGraph(graph);
  return graph;
}

/**
 * The type-checker: every tensor has the shape that its operands give it, every input is declared, and no two inputs or
 * outputs share a name. Runs after each rewrite; a fault is ours, so it throws `INTERNAL`.
 */
export function checkGraph(graph: Graph): void {
  const names = new Set<string>();
  for (const { attributes } of graph.inputs) {
    if (names.has(attributes.name)) throw shapeError(`two inputs of ${graph.name} are named ${attributes.name}`);
    names.add(attributes.name);
  }
  for (const name of Object.keys(graph.outputs)) {
    if (names.has(name)) throw shapeError(`an input and an output of ${graph.name} are named ${name}`);
  }
  const declared = new Set<Tensor>(graph.inputs);
  for (const tensor of topologicalOrder(Object.values(graph.outputs))) {
    const shape = applyRule(shapeRules, tensor);
    if (!sameShape(shape, tensor.shape)) {
      throw shapeError(`${tensor.primitive} is marked ${showShape(tensor.shape)} but has ${showShape(shape)}`);
    }
    if (tensor.primitive === 'input' && !declared.has(tensor)) {
      throw shapeError(`${graph.name} uses the input ${(tensor as Tensor<'input'>).attributes.name} undeclared`);
    }
  }
}

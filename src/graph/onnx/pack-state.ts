import { concat, input, reshape, slice } from '../operations.ts';
import { topologicalOrder } from '../order.ts';
import { stateName, reportName, stepGraph, type StateVariable, type StepProgram } from '../program.ts';
import { sizeOf } from '../shape.ts';
import { withInputs, type Tensor } from '../tensor.ts';

/** State variables that are carried as one, their numbers one behind the other. */
export interface Pack {
  readonly whole: Tensor<'input'>;
  readonly parts: readonly Part[];
}
interface Part {
  readonly input: Tensor<'input'>;
  readonly start: number;
  readonly end: number;
}

/**
 * The same step with less to carry: what it lays side by side at its start and takes apart at its end (parameters and an optimiser's memory of them) is one
 * variable instead, which is neither laid together nor taken apart between steps. Whoever runs it packs before the first step and unpacks after the last.
 */
export function packState(program: StepProgram): { readonly program: StepProgram; readonly packs: readonly Pack[] } {
  const { outputs } = stepGraph(program);
  const order = topologicalOrder(Object.values(outputs));
  const packs = findPacks(program, order);
  if (packs.length === 0) return { program, packs };
  const instead = new Map<Tensor, Tensor>();
  for (const { whole, parts } of packs)
    for (const part of parts) instead.set(part.input, reshape(slice(whole, 0, part.start, part.end), part.input.shape));
  for (const tensor of order) {
    if (tensor.primitive === 'input') continue;
    const operands = tensor.inputs.map((operand) => instead.get(operand) ?? operand);
    instead.set(tensor, withInputs(tensor, operands));
  }
  const after = (name: string): Tensor => instead.get(outputs[name]!) ?? outputs[name]!;
  const next = ({ attributes: { name } }: Tensor<'input'>): Tensor => after(stateName(name));
  const packed = new Set<Tensor>(packs.flatMap(({ parts }) => parts.map((part) => part.input)));
  const single = program.state.filter((variable) => !packed.has(variable.input));
  const state: StateVariable[] = [
    ...single.map((variable) => ({ input: variable.input, next: next(variable.input) })),
    ...packs.map(({ whole, parts }) => ({ input: whole, next: joined(parts.map((part) => next(part.input))) })),
  ];
  const reports = Object.fromEntries(Object.keys(program.reports).map((name) => [name, after(reportName(name))]));
  return { program: { ...program, state, reports }, packs };
}

const joined = (tensors: readonly Tensor[]): Tensor =>
  concat(
    tensors.map((tensor) => reshape(tensor, [sizeOf(tensor.shape)])),
    0,
  );

/** Each row of state variables that the step joins as they come; no variable is in two. */
function findPacks({ state }: StepProgram, order: readonly Tensor[]): Pack[] {
  const variables = new Set<Tensor>(state.map((variable) => variable.input));
  const taken = new Set<Tensor>();
  const packs: Pack[] = [];
  for (const tensor of order) {
    if (tensor.primitive !== 'concat' || tensor.shape.length !== 1) continue;
    const inputs = tensor.inputs.map((part: Tensor) => (part.primitive === 'reshape' ? part.inputs[0]! : part));
    if (new Set(inputs).size < inputs.length || !inputs.every((each) => variables.has(each) && !taken.has(each)))
      continue;
    let end = 0;
    const parts = inputs.map((each) => {
      taken.add(each);
      const start = end;
      end += sizeOf(each.shape);
      return { input: each as Tensor<'input'>, start, end };
    });
    packs.push({ whole: input(`.pack${packs.length}`, [end]), parts });
  }
  return packs;
}

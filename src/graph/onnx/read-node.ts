import { AristarchError } from '../../base/errors.ts';
import type { Dimension } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { NodeForm } from './node-forms.ts';

/** A value of an ONNX graph, as far as our language can hold it. */
export type Value =
  | { readonly kind: 'floats'; readonly tensor: Tensor }
  /** Booleans: true where the tensor is not 0; `isBinary` where it is 0 or 1. */
  | { readonly kind: 'truth'; readonly tensor: Tensor; readonly isBinary: boolean }
  /** Whole numbers out of floats, such as indices of rows; `isWhole` where the tensor has no fractions to be cut off. */
  | { readonly kind: 'places'; readonly tensor: Tensor; readonly isWhole: boolean }
  /** Whole numbers known beforehand, but for the length of the batch: shapes, axes. */
  | { readonly kind: 'lengths'; readonly values: readonly Dimension[] };

export const floats = (tensor: Tensor): Value => ({ kind: 'floats', tensor });
export const lengths = (values: readonly Dimension[]): Value => ({ kind: 'lengths', values });

export interface Attribute {
  readonly f?: number | undefined;
  readonly i?: number | undefined;
  readonly s?: Uint8Array | undefined;
  readonly ints?: readonly number[] | undefined;
}

/** A node with the values that it takes. Every reader throws `ARTEFACT_INVALID` where the node has something else. */
export interface ReadNode {
  readonly operator: string;
  readonly values: readonly (Value | undefined)[];
  value(index: number): Value;
  /** A tensor of floats. */
  tensor(index: number): Tensor;
  truth(index: number): Tensor;
  places(index: number): Tensor;
  /** Numbers that do not depend on the batch. */
  numbers(index: number): readonly number[];
  lengths(index: number): readonly Dimension[];
  /** The numbers of a constant tensor. */
  constants(index: number): readonly number[];
  integer(name: string, otherwise: number): number;
  integers(name: string, otherwise: readonly number[]): readonly number[];
  float(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  /** Throws where something that the language cannot say is not so. */
  check(holds: boolean, wanted: string): void;
}

export function createReadNode(
  operator: string,
  values: readonly (Value | undefined)[],
  attributes: ReadonlyMap<string, Attribute>,
): ReadNode {
  const refuse = (problem: string): never => {
    throw cannotRead(`its operator ${operator} ${problem}`);
  };
  const value = (index: number): Value => values[index] ?? refuse(`lacks operand ${index}`);
  const ofKind = <K extends Value['kind']>(index: number, kind: K): Extract<Value, { kind: K }> => {
    const found = value(index);
    if (found.kind !== kind) refuse(`takes ${found.kind} for operand ${index}, where ${kind} are read`);
    return found as Extract<Value, { kind: K }>;
  };
  return {
    operator,
    values,
    value,
    tensor: (index) => ofKind(index, 'floats').tensor,
    truth: (index) => ofKind(index, 'truth').tensor,
    places: (index) => ofKind(index, 'places').tensor,
    lengths: (index) => ofKind(index, 'lengths').values,
    numbers: (index) =>
      ofKind(index, 'lengths').values.map((length) =>
        typeof length === 'number' ? length : refuse(`has an operand ${index} that depends on the batch`),
      ),
    constants: (index) => {
      const { tensor } = ofKind(index, 'floats');
      return tensor.primitive === 'constant'
        ? [...(tensor as Tensor<'constant'>).attributes.values]
        : refuse(`has an operand ${index} that is no constant`);
    },
    integer: (name, otherwise) => attributes.get(name)?.i ?? otherwise,
    integers: (name, otherwise) => attributes.get(name)?.ints ?? otherwise,
    float: (name, otherwise) => attributes.get(name)?.f ?? otherwise,
    text: (name, otherwise) => {
      const bytes = attributes.get(name)?.s;
      return bytes === undefined ? otherwise : Buffer.from(bytes).toString();
    },
    check: (holds, wanted) => {
      if (!holds) refuse(`is read only ${wanted}`);
    },
  };
}

/** Throws `ARTEFACT_INVALID` where a node has operands or attributes that its form has none of. */
export function checkForm(
  operator: string,
  { operands: [fewest, most], attributes }: NodeForm,
  operands: number,
  names: Iterable<string>,
): void {
  if (operands < fewest || operands > most) throw cannotRead(`its operator ${operator} takes ${operands} operands`);
  const foreign = [...names].filter((name) => !attributes.includes(name));
  if (foreign.length > 0) throw cannotRead(`its operator ${operator} has the attribute ${foreign.join(', ')}`);
}

export function cannotRead(problem: string, cause?: unknown): AristarchError {
  const message = `the ONNX file cannot be read as a graph of ours: ${problem}. Files that Aristarch wrote can; for others use --device cpu`;
  return new AristarchError('ARTEFACT_INVALID', message, {}, cause);
}

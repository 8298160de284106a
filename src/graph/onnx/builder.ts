import { PORTABLE, type Dialect } from './dialect.ts';
import { createNames, type Names } from './names.ts';
import type { Initializer, NodeAttribute, NodeMessage } from './model.ts';

/** Collects the nodes and initializers of one ONNX graph (or loop body) and names its values. */
export interface Builder extends Names {
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly Initializer[];
  readonly dialect: Dialect;
  /** Adds a node with one output; returns the output's name. */
  node(
    operator: string,
    inputs: readonly string[],
    attributes?: Record<string, NodeAttribute>,
    /** Of an operator that is an engine's own. */
    domain?: string,
  ): string;
  /** Adds a node whose outputs have given names. */
  namedNode(
    operator: string,
    inputs: readonly string[],
    outputs: string[],
    attributes?: Record<string, NodeAttribute>,
  ): void;
  /** Constants; equal ones are kept once. */
  floats(values: Float32Array, shape: readonly number[]): string;
  integers(values: readonly number[], shape?: readonly number[]): string;
  /** The length of the batch dimension as a vector of one element, read off an input when the graph runs. */
  batchLength(): string;
  /** A loop body, which sees the names of this graph. */
  inner(prefix: string): Builder;
}

interface BuilderOptions {
  readonly prefix?: string;
  readonly outer?: Builder;
  /** An input whose axis has the batch dimension. */
  readonly batched?: { readonly name: string; readonly axis: number } | undefined;
  readonly dialect?: Dialect;
}

/** A builder. The names that it makes begin with a dot, so that none is an input's. */
export function createBuilder({ prefix = '', outer, batched, dialect = PORTABLE }: BuilderOptions = {}): Builder {
  const nodes: NodeMessage[] = [];
  const initializers: Initializer[] = [];
  const known = new Map<string, string>();
  let batchLength: string | undefined;

  const addInitializer = (elementType: 'float32' | 'int64', shape: readonly number[], bytes: Uint8Array): string => {
    const key = `${elementType} ${shape.join()} ${Buffer.from(bytes).toString('base64')}`;
    const name = known.get(key) ?? `${prefix}.c${initializers.length}`;
    if (!known.has(key)) {
      known.set(key, name);
      initializers.push({ name, elementType, shape, bytes });
    }
    return name;
  };

  const builder: Builder = {
    nodes,
    initializers,
    dialect,
    ...createNames(outer, () => builder),
    node: (operator, inputs, attributes = {}, domain) => {
      const output = `${prefix}.v${nodes.length}`;
      nodes.push({ operator, inputs, outputs: [output], attributes, ...(domain !== undefined && { domain }) });
      return output;
    },
    namedNode: (operator, inputs, outputs, attributes = {}) => {
      nodes.push({ operator, inputs, outputs, attributes });
    },
    floats: (values, shape) => addInitializer('float32', shape, littleEndianFloats(values)),
    integers: (values, shape = [values.length]) => addInitializer('int64', shape, littleEndianIntegers(values)),
    batchLength: () => {
      if (!batched) throw new Error('no input has the batch dimension');
      const { name, axis } = batched;
      batchLength ??= builder.node('Gather', [builder.node('Shape', [name]), builder.integers([axis])], { axis: 0 });
      return batchLength;
    },
    inner: (innerPrefix) => createBuilder({ prefix: innerPrefix, outer: builder, dialect }),
  };
  return builder;
}

function littleEndianFloats(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => view.setFloat32(index * 4, value, true));
  return new Uint8Array(view.buffer);
}

function littleEndianIntegers(values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, index) => view.setBigInt64(index * 8, BigInt(value), true));
  return new Uint8Array(view.buffer);
}

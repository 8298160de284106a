/** How many operands a node takes, the fewest and the most, and the attributes that it may have. */
export interface NodeForm {
  readonly operands: readonly [fewest: number, most: number];
  readonly attributes: readonly string[];
}

const form = (operands: number | readonly [number, number], ...attributes: string[]): NodeForm => ({
  operands: typeof operands === 'number' ? [operands, operands] : operands,
  attributes,
});

/**
 * The operators that we write, in the forms that we write them. ONNX gives most of them more operands and attributes (a Max of
 * three, padding that is worked out), which a reader that passed them over would compute otherwise.
 */
export const NODE_FORMS = {
  ...{ Identity: form(1), Neg: form(1), Abs: form(1), Sign: form(1), Exp: form(1), Log: form(1), Sqrt: form(1) },
  ...{ Sin: form(1), Cos: form(1), Tanh: form(1), Sigmoid: form(1), Softplus: form(1), Relu: form(1) },
  ...{ LeakyRelu: form(1, 'alpha'), Clip: form(3), Floor: form(1), Round: form(1), IsNaN: form(1) },

  ...{ Add: form(2), Sub: form(2), Mul: form(2), Div: form(2), Max: form(2), Min: form(2) },
  ...{ Greater: form(2), Equal: form(2), Where: form(3), Cast: form(1, 'to') },

  ...{ Gemm: form([2, 3], 'alpha', 'beta', 'transA', 'transB'), MatMul: form(2) },
  ...{ ReduceSum: form([1, 2], 'keepdims', 'noop_with_empty_axes'), ReduceMax: form(1, 'axes', 'keepdims') },
  ArgMax: form(1, 'axis', 'keepdims'),

  ...{ Shape: form(1), Reshape: form(2), Expand: form(2), Transpose: form(1, 'perm') },
  ...{ Concat: form([1, Infinity], 'axis'), Slice: form(4), Pad: form(2, 'mode') },
  ...{ Gather: form(2, 'axis'), OneHot: form(3, 'axis') },

  Conv: form(2, 'strides', 'pads', 'dilations', 'group'),
  ConvTranspose: form(2, 'strides', 'pads', 'output_padding'),
  AveragePool: form(1, 'kernel_shape', 'strides'),
  Resize: form(3, 'mode', 'coordinate_transformation_mode', 'nearest_mode'),
} as const satisfies Record<string, NodeForm>;
export type Operator = keyof typeof NODE_FORMS;

import { isBatched, sameShape, sizeOf, type Shape } from '../../shape.ts';
import { applyRule, type Primitive, type Tensor } from '../../tensor.ts';
import type { Builder } from '../builder.ts';
import { BLUR } from '../emit-images.ts';
import { onnxRules } from '../emit-primitive.ts';
import type { Emitted } from '../names.ts';
import { BLOCKED, blockedImage, blockedNode, inBlocks, reshaped, UNGROUPED } from './forms.ts';

type Image = readonly [batch: number, channels: number, height: number, width: number];
type Rule = (tensor: Tensor, shape: Image, block: number, to: Builder) => Emitted | undefined;

/**
 * What lies between two convolutions and can be computed in blocks, where an operand is in blocks already: so that images are put in order at the ends
 * of a network, and not around each convolution. Undefined where it is not so.
 */
export function computedInBlocks(tensor: Tensor, block: number, to: Builder): Emitted | undefined {
  const there = tensor.inputs.filter((operand) => to.hasForm(operand, BLOCKED) && !isBatched(operand.shape));
  const image = there.find(({ shape }) => sameShape(shape, tensor.shape)) ?? there[0];
  return image && RULES.get(tensor.primitive)?.(tensor, image.shape as Image, block, to);
}

/** Numbers that meet one by one do so in any order. */
const elementwise: Rule = (tensor, shape, block, to) => {
  if (!sameShape(tensor.shape, shape)) return undefined;
  const operands: readonly Tensor[] = tensor.inputs;
  const isStretched = operands.some((operand) => !isEverywhere(operand.shape, shape));
  const names = operands.map((operand) => operandName(operand, shape, isStretched ? block : undefined, to));
  if (names.includes(undefined)) return undefined;
  const name = applyRule(onnxRules, tensor, { ...to, nameOf: (operand) => names[operands.indexOf(operand)]! });
  if (typeof name !== 'string') return undefined;
  return inBlocks(isStretched ? reshaped(name, shape, to) : name, shape[1]);
};

const isEverywhere = (operand: Shape, shape: Shape): boolean => sameShape(operand, shape) || sizeOf(operand) === 1;

/** An operand in blocks, or what is stretched to them; counted as [b, c / block, h w, block] where one of them is stretched. */
function operandName(operand: Tensor, shape: Image, block: number | undefined, to: Builder): string | undefined {
  const [batch, channels, height, width] = shape;
  const isWhole = sameShape(operand.shape, shape);
  if (block === undefined) return isWhole ? blockedImage(operand, to) : to.nameOf(operand);
  const pixels = height * width;
  if (isWhole) return reshaped(blockedImage(operand, to), [batch, channels / block, pixels, block], to);
  const [b, c, h, w] = [
    ...Array<number>(4 - operand.shape.length).fill(1),
    ...(operand.shape as number[]),
  ] as unknown as Image;
  if (h * w !== 1 && h * w !== pixels) return undefined;
  if (c === 1) return reshaped(to.nameOf(operand), [b, 1, h * w, 1], to);
  return h * w === 1 ? reshaped(to.nameOf(operand), [b, channels / block, 1, block], to) : undefined;
}

const averagePool: Rule = (tensor, [, channels], _, to) => {
  const { factor } = (tensor as Tensor<'averagePool'>).attributes;
  const by = { kernel_shape: [factor, factor], strides: [factor, factor] };
  return inBlocks(blockedNode(to, 'AveragePool', [blockedImage(tensor.inputs[0]!, to)], by), channels);
};

const enlarge: Rule = (tensor, [, channels], _, to) => {
  const { factor } = (tensor as Tensor<'enlarge'>).attributes;
  const by = { scales: [1, 1, factor, factor], mode: { text: 'nearest' } };
  return inBlocks(blockedNode(to, 'Upsample', [blockedImage(tensor.inputs[0]!, to)], by), channels);
};

const blur: Rule = ({ inputs: [x] }, [, channels], block, to) => {
  const kernel = Float32Array.from({ length: channels * 9 }, (_, at) => BLUR[Math.floor(at / block) % 9]!);
  const name = blockedNode(to, 'Conv', [blockedImage(x!, to), to.floats(kernel, [channels, 1, 3, 3])], {
    ...{ kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1], ...UNGROUPED, group: channels },
  });
  return inBlocks(name, channels);
};

/** Over the pixels of each channel, and over images, too; or over all of an image, or of all. */
const sum: Rule = (tensor, [batch, channels, height, width], block, to) => {
  const { axes } = (tensor as Tensor<'sum'>).attributes;
  const over = [0, 1, 2, 3].map((axis) => axes.includes(axis));
  const image = blockedImage(tensor.inputs[0]!, to);
  const total = (name: string, along: readonly number[]): string =>
    to.node('ReduceSum', [name, to.integers(along)], { keepdims: 0 });
  const as = (name: string): string => reshaped(name, tensor.shape as number[], to);
  if (!over[2] || !over[3]) return undefined;
  if (over[1]) return as(total(image, axes));
  const ofEach = total(reshaped(image, [(batch * channels) / block, height * width, block], to), [1]);
  return as(over[0] ? total(reshaped(ofEach, [batch, channels], to), [0]) : ofEach);
};

const ELEMENTWISE: readonly Primitive[] = [
  ...(['negate', 'abs', 'sign', 'exp', 'log', 'sqrt', 'sin', 'cos', 'tanh', 'sigmoid', 'softplus'] as const),
  ...(['leakyRelu', 'leakySlope', 'floor', 'round', 'isNaN', 'detach'] as const),
  ...(['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'greater', 'equal', 'select'] as const),
];

const RULES: ReadonlyMap<Primitive, Rule> = new Map<Primitive, Rule>([
  ...ELEMENTWISE.map((each) => [each, elementwise] as const),
  ...([
    ['averagePool', averagePool],
    ['enlarge', enlarge],
    ['blur', blur],
    ['sum', sum],
  ] as const),
]);

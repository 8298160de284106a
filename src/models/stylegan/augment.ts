import { matMul, multiply, reshape, transpose } from '../../graph/operations.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { createDice, type Dice } from '../images/dice.ts';
import type { StepBuilder } from '../step-builder.ts';
import type { MakeDraw } from '../task.ts';

/** Images [n, colours, size, size], each changed in its own way, by what the step draws under a name. */
type Augmentation = (step: StepBuilder, name: string, images: Tensor) => Tensor;

/** The most that an image is moved by, and the side of what is cut out of it, as shares of its size: Zhao et al. 2020, appendix. */
const [MOST_SHIFT, CUT_SIDE] = [1 / 8, 1 / 2];

/**
 * What may be done to real and generated images alike, so that a critic of few images does not learn them by heart and the generator does
 * not learn the changes: Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training", section 3. All are linear in
 * the pixels, and so pass gradients of any order on.
 */
export const AUGMENTATIONS = {
  /** Half of the images mirrored, left for right. */
  flips: (step, name, images) =>
    takePixels(images, {
      columns: select(step, `${name}.flips`, images, (dice, size) => {
        const isMirrored = dice.coin();
        return (at) => (isMirrored ? size - 1 - at : at);
      }),
    }),
  /** Moved along both axes, the border repeated. */
  shifts: (step, name, images) => {
    const moved = (axis: string) => select(step, `${name}.shifts.${axis}`, images, shiftOf);
    return takePixels(images, { lines: moved('lines'), columns: moved('columns') });
  },
  /** A square of half the width, at least in part inside, that is grey. */
  cutouts: (step, name, images) => {
    const [n, , size] = shapeOf(images);
    return multiply(images, step.made(`${name}.cutouts`, [n, 1, size, size], fillCutouts(size)));
  },
} as const satisfies Record<string, Augmentation>;
export type AugmentationName = keyof typeof AUGMENTATIONS;
export const AUGMENTATION_NAMES = Object.keys(AUGMENTATIONS) as [AugmentationName, ...AugmentationName[]];

/** Images [n, colours, size, size] -> the same shape, changed by each of the augmentations that are named, in their order here. */
export function augmentImages(
  step: StepBuilder,
  name: string,
  names: readonly AugmentationName[],
  images: Tensor,
): Tensor {
  return AUGMENTATION_NAMES.filter((each) => names.includes(each)).reduce(
    (changed, each) => AUGMENTATIONS[each](step, `augment.${name}`, changed),
    images,
  );
}

const shapeOf = (images: Tensor) => images.shape.map(Number) as [number, number, number, number];

/** From which place along an axis each place takes its pixel, drawn for an image. */
type Choose = (dice: Dice, size: number) => (at: number) => number;

const shiftOf: Choose = (dice, size) => {
  const most = Math.max(1, Math.round(MOST_SHIFT * size));
  const by = dice.whole(-most, most);
  return (at) => Math.min(size - 1, Math.max(0, at + by));
};

/** Matrices [n, size, size] whose lines have one 1: at the place that is taken. */
function select(step: StepBuilder, name: string, images: Tensor, choose: Choose): Tensor {
  const [n, , size] = shapeOf(images);
  const fill: MakeDraw = (out, stream, at) => {
    const dice = createDice(stream, at);
    out.fill(0);
    for (let start = 0; start < out.length; start += size ** 2) {
      const from = choose(dice, size);
      for (let to = 0; to < size; to++) out[start + to * size + from(to)] = 1;
    }
  };
  return step.made(name, [n, size, size], fill);
}

interface Selections {
  readonly lines?: Tensor;
  readonly columns: Tensor;
}

function takePixels(images: Tensor, { lines, columns }: Selections): Tensor {
  const [n, colours, size] = shapeOf(images);
  const along = (x: Tensor, places: Tensor): Tensor =>
    reshape(matMul(reshape(x, [n, colours * size, size]), places, false, true), [n, colours, size, size]);
  const across = along(images, columns);
  if (lines === undefined) return across;
  const turned = (x: Tensor): Tensor => transpose(x, [0, 1, 3, 2]);
  return turned(along(turned(across), lines));
}

/** 0 in a square around a random pixel of each image, 1 elsewhere. */
const fillCutouts =
  (size: number): MakeDraw =>
  (out, stream, step) => {
    const dice = createDice(stream, step);
    const side = Math.max(1, Math.round(CUT_SIDE * size));
    out.fill(1);
    for (let start = 0; start < out.length; start += size ** 2) {
      const corner = (): number => dice.whole(0, size - 1) - Math.floor(side / 2);
      const [top, left] = [corner(), corner()];
      for (let line = Math.max(0, top); line < Math.min(size, top + side); line++)
        out.fill(
          0,
          start + line * size + Math.max(0, left),
          start + line * size + Math.max(0, Math.min(size, left + side)),
        );
    }
  };

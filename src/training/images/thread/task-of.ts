import { IMAGE_FAMILIES } from '../../../models/families/index.ts';
import type { TrainingTask } from '../../../models/task.ts';
import type { CriticOrder } from './contract.ts';

/** The task of a critic that a thread is told of, as anybody else plans it. */
export function taskOf({ family, values, image, images, share }: CriticOrder): TrainingTask {
  const count = images.length / (image.channels * image.size ** 2);
  return IMAGE_FAMILIES[family]!.plan(values, { ...image, count, values: images }, share).task;
}

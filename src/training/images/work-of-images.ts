import type { ImageCriticPlan } from '../../models/images/image-critic.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { Work } from '../../runtime/choice/work.ts';

/** What a run on images asks of a device: of the game at its full size, where there is one, since that takes most of the time; else of the critic. */
export function workOfImages(
  critic: ImageCriticPlan,
  game: ImageGamePlan | null,
  last: TrainingTask | undefined,
): Work {
  const phase = game?.phases.at(-1);
  if (game === null || phase === undefined || last === undefined)
    return { kind: 'images', images: critic.images, size: critic.network.size, channels: widestOf(critic.task) };
  return { kind: 'images', images: game.batch, size: phase.size, channels: widestOf(last) };
}

/** Channels of the widest convolution, by the shapes [out, in, height, width] of the kernels that are trained. */
function widestOf({ program }: TrainingTask): number {
  const kernels = program.state.map(({ input }) => input.shape).filter(({ length }) => length === 4);
  return Math.max(0, ...kernels.flatMap((shape) => shape.slice(0, 2).map(Number)));
}

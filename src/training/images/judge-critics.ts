import type { Random } from '../../base/philox.ts';
import type { Graph } from '../../graph/graph.ts';
import { changeCopies } from '../../models/images/changed-copies.ts';
import type { ImageCriticPlan } from '../../models/images/image-critic.ts';
import type { ImageGamePlan } from '../../models/images/image-game.ts';
import { imageScoringGraph } from '../../models/images/scoring-graph.ts';
import type { Planes } from '../../models/images/warp.ts';
import type { Executor } from '../../runtime/executor.ts';
import { auroc } from '../auroc.ts';
import type { Split } from '../fit/split.ts';
import type { FittedGame } from './fit-game.ts';
import { packImages, scoreByGraph, type HeldOutHook } from './fit-images.ts';

/** Both critics of a run as detectors: how they tell held-out images from changed copies of these. No choice is made by it. */
export interface JudgedCritics {
  /** Held-out images, each beside a copy of it. */
  readonly images: number;
  /** AUROC of the critic that drives the generator. */
  readonly own: number;
  /** AUROC of the detecting critic, or of those of the folds, each on the images that it was not trained on. */
  readonly detecting: number;
  /** Whether the own critic was shown these images in training, as it is where all images train: then its figure flatters it. */
  readonly isShownToOwn: boolean;
}

export interface JudgeOptions {
  readonly executor: Executor;
  readonly image: Planes;
  /** Raw rows of all images. */
  readonly rows: Float32Array;
  readonly split: Split;
  readonly random: Random;
  readonly warn: (message: string) => void;
}

/** Of a game that was played. */
export interface OwnCritic extends Pick<FittedGame, 'weights'> {
  readonly plan: Pick<ImageGamePlan, 'title' | 'scoringGraph'>;
}

export interface Judge {
  readonly detecting: HeldOutHook;
  /** After all of those; null, with a warning, where a critic scores NaN or infinite: the figure is for information alone. */
  own(game: OwnCritic, critic: ImageCriticPlan): Promise<JudgedCritics | null>;
}

/** At most so many images are judged, and so many values of pixels, where that leaves some. */
const [MOST_IMAGES, MOST_VALUES, FEWEST_IMAGES] = [1000, 2 ** 24, 20];

export function createJudge({ executor, image, rows, split, random, warn }: JudgeOptions): Judge {
  const width = image.channels * image.size ** 2;
  const most = Math.min(MOST_IMAGES, Math.max(FEWEST_IMAGES, Math.floor(MOST_VALUES / width)));
  const perRound = Math.ceil(most / split.rounds.length);
  const others = Uint32Array.from(split.rounds.flatMap(({ heldOut }) => [...heldOut]));
  const stream = random.stream('judged copies');
  /** Of the images, then of their copies. */
  const scoreBoth = async (graph: Graph, critic: ImageCriticPlan, chosen: Uint32Array): Promise<Scores> => {
    const copies = changeCopies({ image, rows, others, critic, stream }, chosen);
    return {
      normal: await scoreByGraph(executor, image, graph, packImages({ rows, image }, chosen)),
      changed: await scoreByGraph(executor, image, graph, copies),
    };
  };
  const judged: { readonly chosen: Uint32Array; readonly scores: Scores }[] = [];
  return {
    detecting: async (critic, heldOut) => {
      const chosen = heldOut.subarray(0, perRound);
      judged.push({ chosen, scores: await scoreBoth(imageScoringGraph(image, critic), critic.plan, chosen) });
    },
    own: async ({ plan, weights }, critic) => {
      const chosen = Uint32Array.from(judged.flatMap((each) => [...each.chosen]));
      const scores = await scoreBoth(plan.scoringGraph(image.size, weights), critic, chosen);
      const detecting = {
        normal: Float32Array.from(judged.flatMap((each) => [...each.scores.normal])),
        changed: Float32Array.from(judged.flatMap((each) => [...each.scores.changed])),
      };
      if (![scores, detecting].every(isFinite)) {
        warn(
          `held-out images or their changed copies are scored NaN or infinite by a critic of ${plan.title}: how both detect is not told`,
        );
        return null;
      }
      return {
        ...{ images: chosen.length, own: aurocOf(scores), detecting: aurocOf(detecting) },
        isShownToOwn: split.method === 'cross',
      };
    },
  };
}

interface Scores {
  readonly normal: Float32Array;
  readonly changed: Float32Array;
}
const isFinite = ({ normal, changed }: Scores): boolean => [...normal, ...changed].every(Number.isFinite);
const aurocOf = ({ normal, changed }: Scores): number => auroc(normal, changed);

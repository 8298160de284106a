import { usableCores } from '../../base/cores.ts';
import { layersFrom, layerWidths } from '../../models/images/conv-critic.ts';
import type { ImageCriticPlan } from '../../models/images/image-critic.ts';
import { bytesOfCall } from '../steps/draws.ts';
import type { ImageTrainConfig } from './config.ts';
import type { ImageRunPlan } from './plan-images.ts';

/** What a run may take of its machine. */
export interface Room {
  readonly device: string;
  readonly cores: number;
  /** Of memory that is free, of the machine or of the container. */
  readonly freeBytes: number;
}

export const roomHere = (device: string): Room => ({
  ...{ device, cores: usableCores(), freeBytes: process.availableMemory() },
});

/** With fewer steps than this, starting a thread takes longer than it saves. */
const FEWEST_STEPS = 1000;
/** Of the free memory, what threads may take; the rest is for what is not reckoned here. */
const SHARE_OF_MEMORY = 0.5;

/** How a run uses threads beside its own. */
export interface ThreadUse {
  /** Critics that are trained at the same time, each in a thread of its own; 1 for one after the other, in none. */
  readonly atOnce: number;
  /** Whether a thread draws what the next steps need while these are computed: of one critic at a time, where a core is left for it. */
  readonly drawsAhead: boolean;
}

/** Calls whose draws are held at once where they are made ahead: that which is computed, the next one on both sides of the thread, and what is not given back yet. */
const CALLS_HELD = 4;

export function threadUse(config: Pick<ImageTrainConfig, 'run'>, plan: CriticsPlan, room: Room): ThreadUse {
  const atOnce = criticsAtOnce(config, plan, room);
  const { run } = config;
  const bytes = plan.images.rows.byteLength + CALLS_HELD * bytesOfCall(plan.critic.task, run.stepsPerCall);
  const isRoom = room.cores > run.threads && bytes <= SHARE_OF_MEMORY * room.freeBytes;
  const isWorth = room.device === 'cpu' && plan.detectorSteps >= FEWEST_STEPS;
  return { atOnce, drawsAhead: atOnce === 1 && isWorth && isRoom };
}

type CriticsPlan = Pick<ImageRunPlan, 'images' | 'split' | 'critic' | 'detectorSteps'>;

/** How many critics of a run are trained at the same time. */
export function criticsAtOnce(
  { run }: Pick<ImageTrainConfig, 'run'>,
  { images, split, critic, detectorSteps }: CriticsPlan,
  { device, cores, freeBytes }: Room,
): number {
  if (device !== 'cpu' || detectorSteps < FEWEST_STEPS) return 1;
  const critics = 1 + split.rounds.filter(({ train }) => train !== null).length;
  const bytes = images.rows.byteLength + bytesOfCall(critic.task, run.stepsPerCall) + bytesOfStep(critic);
  return Math.max(1, Math.floor(Math.min(critics, cores / run.threads, (SHARE_OF_MEMORY * freeBytes) / bytes)));
}

/** What the convolutions of a step hold at once, in times their results: these, their derivatives, and those of the penalty. */
const HELD = 6;

function bytesOfStep({ images, network: { size, width } }: Pick<ImageCriticPlan, 'images' | 'network'>): number {
  const values = layerWidths(width, layersFrom(size)).map(
    (channels, layer) => channels * (size / 2 ** (layer + 1)) ** 2,
  );
  return HELD * images * values.reduce((total, count) => total + count, 0) * Float32Array.BYTES_PER_ELEMENT;
}

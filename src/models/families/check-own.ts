import { AristarchError } from '../../base/errors.ts';
import type { SettingValues } from '../../base/settings.ts';
import { turnsOf } from '../adversarial/game.ts';
import { REGULARISERS } from '../adversarial/regularisers.ts';
import type { OWN_SETTINGS } from './own-settings.ts';
import type { NETWORK_SETTINGS } from './settings.ts';

type Values = SettingValues<typeof OWN_SETTINGS & typeof NETWORK_SETTINGS>;

/** Updates of the critic in one step of the program that lazy regularisation may ask for: each is written out in its graph. */
const MOST_TURNS = 64;
/** Numbers in the largest tensor of minibatch discrimination: 1 GiB of float32, and its derivatives are as large. */
const MOST_COMPARED = 2 ** 28;

/** What is wrong with the settings of a family's own critic, and what to do about it; null where nothing is. */
type Fault = (values: Values) => string | null;

const FAULTS: readonly Fault[] = [
  ({ regulariser, regulariserWeight }) =>
    REGULARISERS[regulariser].penalty === null &&
    REGULARISERS[regulariser].constrain === null &&
    regulariserWeight !== undefined
      ? `--regulariser ${regulariser} has nothing to weigh: leave --regulariser-weight out, or take another --regulariser`
      : null,
  ({ regulariser, regulariserInterval }) =>
    REGULARISERS[regulariser].penalty === null && regulariserInterval > 1
      ? `--regulariser ${regulariser} has no penalty that could be taken now and then: leave --regulariser-interval out`
      : null,
  ({ regulariser, regulariserWeight }) =>
    REGULARISERS[regulariser].constrain !== null && regulariserWeight === 0
      ? '--regulariser-weight 0 would clip every weight to nothing: 0.01 is usual'
      : null,
  // Of spectral normalisation the weight is W / sigma, however small W is; of layer normalisation the gain is kept as its difference from 1.
  ({ regulariser, criticNorm }) =>
    REGULARISERS[regulariser].constrain !== null && criticNorm !== 'none'
      ? `--critic-norm ${criticNorm} undoes the bound of --regulariser ${regulariser}: leave --critic-norm out, or take another --regulariser`
      : null,
  tooManyTurns,
  tooManyCompared,
];

/** Refuses settings of the own critic that do not go together or cannot be computed; `INVALID_INPUT`. */
export function checkOwn(values: Values): void {
  for (const fault of FAULTS) {
    const message = fault(values);
    if (message !== null) throw new AristarchError('INVALID_INPUT', message);
  }
}

function tooManyTurns({ regulariser: kind, regulariserInterval, criticSteps }: Values): string | null {
  const turns = (interval: number): number =>
    turnsOf({ criticSteps, regulariser: { kind, weight: 0, interval } }).critic;
  const most = Math.max(MOST_TURNS, criticSteps);
  if (turns(regulariserInterval) <= most) return null;
  let fitting = regulariserInterval;
  while (turns(fitting) > most) fitting -= 1;
  return (
    `--regulariser-interval ${regulariserInterval} with --critic-steps ${criticSteps} makes ${turns(regulariserInterval)} updates ` +
    `of the critic one step of the program, which is at most ${most}: take --regulariser-interval ${fitting}, or other --critic-steps`
  );
}

function tooManyCompared({ minibatch, batch, minibatchKernels, minibatchWidth }: Values): string | null {
  const compared = 2 * batch ** 2 * minibatchKernels * minibatchWidth; // each row of two batches with each of its own
  return minibatch !== 'discrimination' || compared <= MOST_COMPARED
    ? null
    : `--minibatch discrimination compares ${compared} numbers at once with --batch ${batch}, --minibatch-kernels ` +
        `${minibatchKernels} and --minibatch-width ${minibatchWidth}, and may ${MOST_COMPARED}: lower one of them, or take --minibatch deviation`;
}

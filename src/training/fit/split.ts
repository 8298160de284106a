import { AristarchError } from '../../base/errors.ts';
import type { Random } from '../../base/philox.ts';

/** Which rows train and which calibrate. Rows are in a seeded random order throughout. */
export interface Split {
  readonly method: 'split' | 'cross';
  /** Rows that the final model is trained on. */
  readonly final: Uint32Array;
  /** Pairs of rows to train on and rows to score with what came of it: the calibration scores are those of all of them. */
  readonly rounds: readonly Round[];
}

export interface Round {
  readonly name: string;
  /** Null: the final model itself scores the held-out rows. */
  readonly train: Uint32Array | null;
  readonly heldOut: Uint32Array;
}

export interface SplitOptions {
  /** Below so many rows, folds are used instead of a part that is lost to training. */
  readonly crossBelow: number;
  readonly folds: number;
  /** Share of the rows that a split holds out, and the most that it may be. */
  readonly heldOutShare: number;
  readonly mostHeldOut: number;
  /** Group of each row, from each of which a share is held out; one group when absent. */
  readonly groupOf?: ((row: number) => string) | undefined;
  /** Rows that a group needs to keep a rate by itself: a rare one gives so many where that is at most half of it; 1 when absent. */
  readonly fewestOfGroup?: number;
}

/** Fewer rows than this are nothing to train on. */
const FEWEST_TRAINING_ROWS = 10;

function tooFewLeft(count: number, heldOut: number): AristarchError {
  const message = `holding out ${heldOut} of ${count} rows leaves too few to train on: lower --calibration-share, or raise --cross-below`;
  return new AristarchError('INVALID_INPUT', message, { count, heldOut });
}

/**
 * From `crossBelow` rows on, a part is held out (split conformal: Papadopoulos 2002; Lei 2018, algorithm 2). With fewer,
 * each fold is scored by critics trained on the other folds, and the final model is trained on all rows
 * (cross-conformal: Vovk 2015). Throws `INVALID_INPUT` where too few rows are left to train on.
 */
export function splitRows(count: number, random: Random, options: SplitOptions): Split {
  const { groupOf, fewestOfGroup = 1 } = options;
  const order = random.stream('split').permutation(count);
  if (count >= options.crossBelow) {
    const size = Math.max(1, Math.min(options.mostHeldOut, Math.round(count * options.heldOutShare)));
    const [heldOut, final] = groupOf
      ? holdOutOfEach(order, { share: size / count, fewest: fewestOfGroup, groupOf })
      : [order.subarray(0, size), order.subarray(size)];
    if (final.length < FEWEST_TRAINING_ROWS) throw tooFewLeft(count, heldOut.length);
    return { method: 'split', final, rounds: [{ name: 'final', train: null, heldOut }] };
  }
  const folds = Math.min(options.folds, count);
  const rounds = Array.from({ length: folds }, (_, fold) => ({
    name: `fold-${fold + 1}`,
    train: order.filter((_row, index) => index % folds !== fold),
    heldOut: order.filter((_row, index) => index % folds === fold),
  }));
  return { method: 'cross', final: order, rounds };
}

interface GroupOptions {
  /** Of the rows of each group. */
  readonly share: number;
  readonly fewest: number;
  readonly groupOf: (row: number) => string;
}

/**
 * The first rows of each group, in the given order: its share, or `fewest` where that is more and at most half of the group.
 * Groups of which half is still too few are calibrated together, and give their share together. Groups are numbers here, since a
 * text a row would take more memory than the rows.
 */
function holdOutOfEach(order: Uint32Array, { share, fewest, groupOf }: GroupOptions): [Uint32Array, Uint32Array] {
  const { codes, sizes } = codeGroups(order, groupOf);
  const isSmall = sizes.map((size) => Math.max(share, 0.5) * size < fewest);
  const left = sizes.map((size) => Math.max(fewest, Math.round(share * size)));
  const small = sizes.reduce((total, size, code) => total + (isSmall[code] ? size : 0), 0);
  let leftOfSmall = Math.max(1, Math.round(share * small));
  const isHeldOut = Uint8Array.from(codes, (code) => {
    const remaining = isSmall[code] ? leftOfSmall-- : left[code]!--;
    return remaining > 0 ? 1 : 0;
  });
  return [order.filter((_, at) => isHeldOut[at] === 1), order.filter((_, at) => isHeldOut[at] === 0)];
}

function codeGroups(order: Uint32Array, groupOf: (row: number) => string): { codes: Uint32Array; sizes: number[] } {
  const known = new Map<string, number>();
  const sizes: number[] = [];
  const codes = Uint32Array.from(order, (row) => {
    const group = groupOf(row);
    const code = known.get(group) ?? sizes.push(0) - 1;
    known.set(group, code);
    sizes[code]! += 1;
    return code;
  });
  return { codes, sizes };
}

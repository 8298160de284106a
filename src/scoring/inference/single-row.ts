import { messageOf } from '../../base/errors.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../runtime/executor.ts';
import { openRowProgram, type RowProgram } from '../../runtime/rows/row-program.ts';

export interface SingleRowParts {
  readonly onnx: Uint8Array;
  readonly rowWidth: number;
  /** Rows by which a difference would show (trial-rows.ts); without them nothing is tried. */
  readonly trialRows: Float32Array | undefined;
}

export interface WithSingleRow {
  readonly session: Session;
  /** For people. */
  readonly description: string;
}

type RunNow = NonNullable<Session['runNow']>;

/**
 * The session, which computes a row that comes alone by the model's row program, where that is faster: ONNX Runtime is made for many rows at once. Only
 * where it gives the same bits, so that a row's score does not depend on whether others came beside it.
 */
export function withSingleRow(session: Session, parts: SingleRowParts): WithSingleRow {
  const { runNow } = session;
  if (runNow === undefined || parts.trialRows === undefined) return { session, description: '' };
  const chosen = choose(runNow, { ...parts, trialRows: parts.trialRows });
  if ('absent' in chosen) return { session, description: `; no row program: ${chosen.absent}` };
  const us = (ms: number): string => `${(1000 * ms).toFixed(1)} us`;
  const times = `${us(chosen.programMs)} instead of ${us(chosen.sessionMs)} with cold caches`;
  const description = `; a row that comes alone by the model's row program, in ${times}`;
  return { session: { ...session, runNow: chosen.single }, description };
}

interface Chosen {
  readonly single: RunNow;
  readonly programMs: number;
  readonly sessionMs: number;
}

function choose(
  runNow: RunNow,
  { onnx, rowWidth, trialRows }: SingleRowParts & { readonly trialRows: Float32Array },
): Chosen | { readonly absent: string } {
  const program = openRowProgram(onnx, rowWidth);
  if ('absent' in program) return program;
  // Whatever is wrong with the model is for its first call to tell.
  try {
    const differing = differenceOf(program, runNow, trialRows, rowWidth);
    if (differing !== undefined) return { absent: differing };
    const single = byProgram(program, runNow);
    const row = toFeeds(trialRows.slice(0, rowWidth), rowWidth);
    const [programMs, sessionMs] = leastOfBoth(
      () => void single(row),
      () => void runNow(row),
    );
    return programMs < sessionMs ? { single, programMs, sessionMs } : { absent: 'it is not faster' };
  } catch (thrown) {
    return { absent: messageOf(thrown) };
  }
}

function byProgram(program: RowProgram, runNow: RunNow): RunNow {
  return (feeds) => {
    const { data, shape } = feeds[ROWS_INPUT]!;
    const score = shape[0] === 1 ? program.run(data) : undefined;
    if (score === undefined) return runNow(feeds);
    return { [SCORES_OUTPUT]: { data: score.slice(), shape: [1] } };
  };
}

/** Scores that are all alike would say little of how they came about, and so would a program that is rarely sure. */
const LEAST_DIFFERENT = 16;

/** Why the program is not to be taken for the session; undefined where all of the rows have the same scores, to the bit. */
function differenceOf(program: RowProgram, runNow: RunNow, rows: Float32Array, rowWidth: number): string | undefined {
  const expected = runNow(toFeeds(rows, rowWidth))[SCORES_OUTPUT]?.data ?? new Float32Array();
  const different = new Set<number>();
  for (let row = 0; row * rowWidth < rows.length; row++) {
    const score = program.run(rows.subarray(row * rowWidth, (row + 1) * rowWidth));
    if (score === undefined) continue;
    if (!Object.is(score[0], expected[row])) return 'its bits are others';
    different.add(score[0]!);
  }
  return different.size < LEAST_DIFFERENT
    ? `the rows tried have ${different.size} different scores, too few to go by`
    : undefined;
}

const TRIALS = 8;

/**
 * The least of several times of each, in turn, as a call finds them that comes alone: the processor has done something else in between, and its caches
 * hold that.
 */
function leastOfBoth(...ways: readonly [() => void, () => void]): [number, number] {
  const least: [number, number] = [Infinity, Infinity];
  const evict = evicter();
  for (let trial = 0; trial < TRIALS; trial++) {
    ways.forEach((way, index) => {
      evict();
      const startedMs = performance.now();
      way();
      least[index] = Math.min(least[index]!, performance.now() - startedMs);
    });
  }
  return least;
}

/** As much as the caches hold that a core has to itself, in the larger processors. */
const CACHED_BYTES = 2 ** 22;
const LINE_BYTES = 64;

function evicter(): () => void {
  const memory = new Uint8Array(CACHED_BYTES);
  return () => {
    for (let at = 0; at < memory.length; at += LINE_BYTES) memory[at]!++;
  };
}

const toFeeds = (data: Float32Array, width: number): NamedArrays => ({
  [ROWS_INPUT]: { data, shape: [data.length / width, width] },
});

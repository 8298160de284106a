import { createRandom } from '../../base/philox.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../runtime/executor.ts';
import { openRowProgram, type RowProgram } from '../../runtime/rows/row-program.ts';

export interface WithSingleRow {
  readonly session: Session;
  /** For people; empty where single rows go through the session as others do. */
  readonly description: string;
}

type RunNow = NonNullable<Session['runNow']>;

/**
 * The session, which computes a row that comes alone by the model's row program, where that is faster: ONNX Runtime is made for many rows at once. Only
 * where it gives the same bits, so that a row's score does not depend on whether others came beside it.
 */
export function withSingleRow(session: Session, onnx: Uint8Array, rowWidth: number): WithSingleRow {
  const asBefore = { session, description: '' };
  const { runNow } = session;
  if (runNow === undefined) return asBefore;
  const program = openRowProgram(onnx);
  if ('absent' in program || !givesTheSame(program, runNow, rowWidth)) return asBefore;
  const single = byProgram(program, runNow);
  const row = toFeeds(new Float32Array(rowWidth), rowWidth);
  const [programMs, sessionMs] = leastOfBoth(
    () => void single(row),
    () => void runNow(row),
  );
  if (programMs >= sessionMs) return asBefore;
  const us = (ms: number): string => `${(1000 * ms).toFixed(1)} us`;
  const description = `; a row that comes alone by the model's row program, in ${us(programMs)} instead of ${us(sessionMs)} with cold caches`;
  return { session: { ...session, runNow: single }, description };
}

function byProgram(program: RowProgram, runNow: RunNow): RunNow {
  return (feeds) => {
    const { data, shape } = feeds[ROWS_INPUT]!;
    const score = shape[0] === 1 ? program.run(data) : undefined;
    if (score === undefined) return runNow(feeds);
    return { [SCORES_OUTPUT]: { data: score.slice(), shape: [1] } };
  };
}

/** Rows of all sizes, some of their values missing; enough for every difference in rounding to show in some of them. */
const CHECKED_ROWS = 32;
const [SMALLEST_SCALE, LARGEST_SCALE, MISSING] = [1e-3, 1e5, 0.02];

function givesTheSame(program: RowProgram, runNow: RunNow, rowWidth: number): boolean {
  const rows = rowsToCheck(rowWidth);
  const expected = runNow(toFeeds(rows, rowWidth))[SCORES_OUTPUT]?.data;
  let sure = 0;
  for (let row = 0; row < CHECKED_ROWS; row++) {
    const score = program.run(rows.subarray(row * rowWidth, (row + 1) * rowWidth));
    if (score === undefined) continue;
    if (!Object.is(score[0], expected?.[row])) return false;
    sure++;
  }
  // A program that is rarely sure would be of no use, and hardly checked.
  return sure >= CHECKED_ROWS / 2;
}

function rowsToCheck(rowWidth: number): Float32Array {
  const rows = new Float32Array(CHECKED_ROWS * rowWidth);
  const [scales, gaps] = [new Float32Array(CHECKED_ROWS), new Float32Array(rows.length)];
  const random = createRandom(0);
  random.stream('values').fillNormal(rows, 0);
  random.stream('scales').fillUniform(scales, 0);
  random.stream('gaps').fillUniform(gaps, 0);
  return rows.map((value, index) => {
    const scale = SMALLEST_SCALE * (LARGEST_SCALE / SMALLEST_SCALE) ** scales[Math.floor(index / rowWidth)]!;
    return gaps[index]! < MISSING ? NaN : value * scale;
  });
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

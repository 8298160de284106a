import { messageOf } from '../../base/errors.ts';
import type { InParts } from '../../base/in-parts.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../runtime/executor.ts';
import { openRowProgram, type RowProgram } from '../../runtime/rows/row-program.ts';
import type { RowPrograms } from './row-programs.ts';

export interface SingleRowParts {
  readonly rowPrograms: RowPrograms;
  /** Bytes of the model's file, checked. */
  readonly read: () => Promise<Uint8Array>;
  readonly rowWidth: number;
  /** Raw rows by which a difference would show (trial-rows.ts). */
  readonly trialRows: () => Iterable<Float32Array>;
  /** Told once what came of it. */
  readonly tell: (outcome: string) => void;
}

type RunNow = NonNullable<Session['runNow']>;

/**
 * The session, which computes a row that comes alone by the model's row program once enough of them came, where that is faster: ONNX Runtime is made
 * for many rows at once. Only where it gives the same bits, so that a row's score depends neither on whether others came beside it, nor on when it came.
 */
export function withSingleRow(session: Session, parts: SingleRowParts): Session {
  const { runNow } = session;
  if (runNow === undefined) return session;
  let [alone, isOpen] = [0, true];
  const counting: RunNow = (feeds) => {
    if (isSingle(feeds) && ++alone === parts.rowPrograms.afterRows) {
      current = runNow;
      void make();
    }
    return runNow(feeds);
  };
  let current = counting;
  const make = async (): Promise<void> => {
    const chosen = await choose(runNow, parts, () => isOpen);
    if (chosen === undefined) return;
    if (!('absent' in chosen)) current = chosen.single;
    parts.tell(describe(chosen));
  };
  return {
    ...session,
    runNow: (feeds) => current(feeds),
    close: () => {
      isOpen = false;
      return session.close();
    },
  };
}

interface Chosen {
  readonly single: RunNow;
  readonly programMs: number;
  readonly sessionMs: number;
}
interface Absent {
  readonly absent: string;
}

const us = (ms: number): string => `${(1000 * ms).toFixed(1)} us`;
const describe = (chosen: Chosen | Absent): string =>
  'absent' in chosen
    ? `no row program: ${chosen.absent}`
    : `a row that comes alone is computed by its row program from now on, in ${us(chosen.programMs)} instead of ${us(chosen.sessionMs)} with cold caches`;

/** Undefined where the session was closed meanwhile, which ends it before it is run once more. */
async function choose(
  runNow: RunNow,
  { rowPrograms, read, rowWidth, trialRows }: SingleRowParts,
  isOpen: () => boolean,
): Promise<Chosen | Absent | undefined> {
  try {
    const parts = (onnx: Uint8Array) => compare(runNow, onnx, rowWidth, trialRows);
    return await rowPrograms.make({ read, parts, isWanted: isOpen });
  } catch (thrown) {
    // Files that are gone, or another model's by now, or whatever the model cannot do, are for its calls to tell.
    return isOpen() ? { absent: messageOf(thrown) } : undefined;
  }
}

function* compare(
  runNow: RunNow,
  onnx: Uint8Array,
  rowWidth: number,
  trialRows: SingleRowParts['trialRows'],
): InParts<Chosen | Absent> {
  const program = yield* openRowProgram(onnx, rowWidth);
  if ('absent' in program) return program;
  const single = byProgram(program, runNow);
  const differing = yield* differenceOf(program, runNow, trialRows());
  if (differing !== undefined) return { absent: differing };
  const [row] = trialRows();
  const feeds = toFeeds([row!]);
  const [programMs, sessionMs] = yield* leastOfBoth(
    () => void single(feeds),
    () => void runNow(feeds),
  );
  return programMs < sessionMs ? { single, programMs, sessionMs } : { absent: 'it is not faster' };
}

function byProgram(program: RowProgram, runNow: RunNow): RunNow {
  return (feeds) => {
    const score = isSingle(feeds) ? program.run(feeds[ROWS_INPUT]!.data) : undefined;
    if (score === undefined) return runNow(feeds);
    return { [SCORES_OUTPUT]: { data: score.slice(), shape: [1] } };
  };
}

const isSingle = (feeds: NamedArrays): boolean => feeds[ROWS_INPUT]!.shape[0] === 1;

/** Scores that are all alike would say little of how they came about, and so would a program that is rarely sure. */
const LEAST_DIFFERENT = 16;
/** Rows that are tried at a time. */
const TRIED_ROWS = 4;

/** Why the program is not to be taken for the session; undefined where all of the rows have the same scores, to the bit. */
function* differenceOf(
  program: RowProgram,
  runNow: RunNow,
  trialRows: Iterable<Float32Array>,
): InParts<string | undefined> {
  const different = new Set<number>();
  for (const rows of batchesOf(trialRows)) {
    yield;
    const expected = runNow(toFeeds(rows))[SCORES_OUTPUT]?.data ?? new Float32Array();
    for (const [at, row] of rows.entries()) {
      const score = program.run(row);
      if (score === undefined) continue;
      if (!Object.is(score[0], expected[at])) return 'its bits are others';
      different.add(score[0]!);
    }
  }
  return different.size < LEAST_DIFFERENT
    ? `the rows tried have ${different.size} different scores, too few to go by`
    : undefined;
}

function* batchesOf(rows: Iterable<Float32Array>): Iterable<Float32Array[]> {
  let batch: Float32Array[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < TRIED_ROWS) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

const TRIALS = 8;

/**
 * The least of several times of each, in turn, as a call finds them that comes alone: the processor has done something else in between, and its caches
 * hold that.
 */
function* leastOfBoth(...ways: readonly [() => void, () => void]): InParts<[number, number]> {
  const least: [number, number] = [Infinity, Infinity];
  const evict = yield* evicter();
  for (let trial = 0; trial < TRIALS; trial++) {
    for (const [index, way] of ways.entries()) {
      yield;
      evict();
      const startedMs = performance.now();
      way();
      least[index] = Math.min(least[index]!, performance.now() - startedMs);
    }
  }
  return least;
}

/** As much as the caches hold that a core has to itself, in the larger processors. */
const CACHED_BYTES = 2 ** 22;
const LINE_BYTES = 64;
const GIVEN_BYTES = 2 ** 19;

function* evicter(): InParts<() => void> {
  const memory = new Uint8Array(CACHED_BYTES);
  const touch = (from: number, to: number): void => {
    for (let at = from; at < to; at += LINE_BYTES) memory[at]!++;
  };
  // The system gives memory page by page when it is first touched, which takes longer than to touch all of it again.
  for (let from = 0; from < CACHED_BYTES; from += GIVEN_BYTES) {
    yield;
    touch(from, from + GIVEN_BYTES);
  }
  return () => touch(0, CACHED_BYTES);
}

function toFeeds(rows: readonly Float32Array[]): NamedArrays {
  const width = rows[0]!.length;
  const data = new Float32Array(rows.length * width);
  rows.forEach((row, index) => data.set(row, index * width));
  return { [ROWS_INPUT]: { data, shape: [rows.length, width] } };
}

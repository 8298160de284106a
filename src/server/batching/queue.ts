import { PRIORITIES, type Priority } from '../../scoring/detector.ts';

/** A piece of work that waits, in whole or in part. */
export interface Waiting {
  readonly priority: Priority;
  /** Rows that are not taken yet. */
  left: number;
}

/** Rows of one job that go into one inference. */
export interface Piece<T> {
  readonly waiting: T;
  readonly count: number;
  /** Rows of the job that were not taken before this piece. */
  readonly left: number;
}

export interface Queue<T extends Waiting> {
  readonly rows: number;
  readonly jobs: number;
  push(waiting: T): void;
  /**
   * Takes the next pieces, `turnRows` rows at most: higher priorities first, within one those that came first, and only
   * jobs that `fits` the first one taken. A job that is cut goes to the end of its line, so that a large one does not
   * hold up the small ones behind it. `drop` is asked of each job first; what it drops is not taken.
   */
  take(fits: (first: T, other: T) => boolean, drop: (waiting: T) => boolean): Piece<T>[];
  /** Rows that wait with this priority or a higher one. */
  rowsFrom(priority: Priority): number;
  /** Rows that will have been scored when a job of so many rows that came now is begun. */
  ahead(priority: Priority, rows: number): number;
}

/** One in so many takes begins with the job that waits longest in the lowest line: no priority starves another. */
const TURN_OF_THE_LOWEST = 16;

/** Who waits in one line, and how much: all rows, and those that are taken when each has had one turn. */
interface Line<T> {
  waiting: T[];
  rows: number;
  turnRows: number;
}

/** `turnRows`: most rows that are taken at a time. */
export function createQueue<T extends Waiting>(turnRows: number): Queue<T> {
  // Asked several times for each call: loops over three lines, and no lists that are made for it.
  const lines = PRIORITIES.map((): Line<T> => ({ waiting: [], rows: 0, turnRows: 0 }));
  const fromTheLowest = lines.toReversed();
  let takes = 0;
  return {
    get rows() {
      let rows = 0;
      for (const line of lines) rows += line.rows;
      return rows;
    },
    get jobs() {
      let jobs = 0;
      for (const line of lines) jobs += line.waiting.length;
      return jobs;
    },
    push: (waiting) => {
      const line = lines[PRIORITIES.indexOf(waiting.priority)]!;
      line.waiting.push(waiting);
      line.rows += waiting.left;
      line.turnRows += Math.min(waiting.left, turnRows);
    },
    take: (fits, drop) => {
      const pieces: Piece<T>[] = [];
      let room = turnRows;
      const inTurn = ++takes % TURN_OF_THE_LOWEST === 0 ? fromTheLowest : lines;
      for (const line of inTurn) room = takeFrom(line, pieces, room, { fits, drop, turnRows });
      return pieces;
    },
    rowsFrom: (priority) => {
      let rows = 0;
      for (let at = 0; at <= PRIORITIES.indexOf(priority); at++) rows += lines[at]!.rows;
      return rows;
    },
    ahead: (priority, own) => {
      let rows = 0;
      for (let at = 0; at <= PRIORITIES.indexOf(priority); at++) {
        const line = lines[at]!;
        // A job of one turn waits for one turn of each; a larger one, at worst, for all that there is.
        rows += own <= turnRows ? line.turnRows : line.rows;
      }
      return rows;
    },
  };
}

interface Choice<T> {
  readonly fits: (first: T, other: T) => boolean;
  readonly drop: (waiting: T) => boolean;
  readonly turnRows: number;
}

/** Adds what fits into so much room, and gives the room that is left. */
function takeFrom<T extends Waiting>(line: Line<T>, pieces: Piece<T>[], room: number, choice: Choice<T>): number {
  const { fits, drop, turnRows } = choice;
  if (line.waiting.length === 0) return room;
  const [passed, cut]: [T[], T[]] = [[], []];
  let [at, left] = [0, room];
  for (; at < line.waiting.length && left > 0; at++) {
    const waiting = line.waiting[at]!;
    if (drop(waiting)) leave(line, waiting, waiting.left, turnRows);
    else if (pieces.length > 0 && !fits(pieces[0]!.waiting, waiting)) passed.push(waiting);
    else {
      const count = Math.min(waiting.left, left);
      pieces.push({ waiting, count, left: waiting.left });
      leave(line, waiting, count, turnRows);
      left -= count;
      if (waiting.left > 0) cut.push(waiting);
    }
  }
  line.waiting = [...passed, ...line.waiting.slice(at), ...cut];
  return left;
}

function leave<T extends Waiting>(line: Line<T>, waiting: T, count: number, turnRows: number): void {
  line.turnRows -= Math.min(waiting.left, turnRows) - Math.min(waiting.left - count, turnRows);
  line.rows -= count;
  waiting.left -= count;
}

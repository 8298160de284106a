import { residentMebibytesOf } from './child.ts';
import { runLoad } from './measure.ts';
import { SCORE_PATH, scoreRequest } from './messages.ts';
import { DENSE_ROWS, type Stage } from './parts.ts';

export interface Memory {
  readonly rows: number;
  /** MiB that the server holds, after each tenth of the rows; the first tenth warms up. */
  readonly mebibytes: readonly number[];
}

const TENTHS = 10;

/** Sends so many rows in dense batches and looks at what the process holds. */
export async function measureMemory({ client, aristarch }: Stage, rows: number): Promise<Memory> {
  const load = { path: SCORE_PATH, request: scoreRequest(DENSE_ROWS), connections: 1, seconds: 2 };
  const shape = { kind: 'closed' as const, callers: 2 };
  const mebibytes: number[] = [];
  for (let tenth = 1, sent = 0; tenth <= TENTHS; tenth++) {
    while (sent < (tenth * rows) / TENTHS) {
      sent += (await runLoad(client, aristarch, { ...load, shape })).answered * DENSE_ROWS;
    }
    mebibytes.push(residentMebibytesOf(aristarch.pid));
  }
  return { rows, mebibytes };
}

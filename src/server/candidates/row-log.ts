import { isMissing } from '../../base/files.ts';
import { appendFile, rename, stat, truncate } from 'node:fs/promises';
import type { Logger } from 'pino';
import { messageOf } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';
import type { ComparedRow, Pair } from './compare.ts';

export interface RowLogOptions {
  readonly path: string;
  /** At this size the file becomes `path.1`, in the place of an earlier one, and a new one is begun. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Pick<Logger, 'warn'>;
  /** Told of rows that are left out, by the model that stands for both. */
  readonly onDropped: (model: string, rows: number) => void;
}

interface Waiting {
  readonly text: string;
  readonly model: string;
  readonly rows: number;
}

export type RecordRows = (pair: Pair, rows: readonly ComparedRow[]) => void;

/** Lines that may wait for the disk; what is more is left out. */
const MOST_WAITING_BYTES = 1024 * 1024;

/**
 * Writes rows that two models have scored as lines of JSON: time, names and versions, the key, and both scores; no record. At most
 * twice `maxBytes` lie on the disk. A disk that is full or slow costs lines, and nothing else.
 */
export function createRowLog({ path, maxBytes, clock, log, onDropped }: RowLogOptions): RecordRows {
  let waiting: Waiting[] = [];
  let [waitingBytes, writing, failed] = [0, false, false];
  const write = async (): Promise<void> => {
    writing = true;
    while (waiting.length > 0) {
      const taken = waiting;
      const text = taken.map((each) => each.text).join('');
      [waiting, waitingBytes] = [[], 0];
      try {
        await rotate(path, maxBytes - Buffer.byteLength(text));
        await appendWhole(path, text);
        failed = false;
      } catch (thrown) {
        // Said once, not for each piece.
        if (!failed) log.warn({ path }, `rows scored by both cannot be written: ${messageOf(thrown)}`);
        failed = true;
        for (const { model, rows } of taken) onDropped(model, rows);
      }
    }
    writing = false;
  };
  return (pair, rows) => {
    const text = rows.map((row) => toLine(clock.wallMs(), pair, row)).join('');
    if (waitingBytes + text.length > MOST_WAITING_BYTES) {
      onDropped(pair.model, rows.length);
      return;
    }
    waiting.push({ text, model: pair.model, rows: rows.length });
    waitingBytes += text.length;
    if (!writing) void write();
  };
}

/** A disk that fills up takes a part of what it is given: what would be left of a line is taken back. */
async function appendWhole(path: string, text: string): Promise<void> {
  const size = await sizeOf(path);
  try {
    await appendFile(path, text);
  } catch (thrown) {
    const now = await sizeOf(path).catch(() => 0);
    if (now > size && now <= size + Buffer.byteLength(text)) await truncate(path, size).catch(() => undefined);
    throw thrown;
  }
}

/** 0 where there is no file. */
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    (thrown: unknown) => {
      if (isMissing(thrown)) return 0;
      throw thrown;
    },
  );

async function rotate(path: string, room: number): Promise<void> {
  const size = await sizeOf(path);
  if (size > room && size > 0) await rename(path, `${path}.1`);
}

function toLine(atMs: number, { serving, candidate }: Pair, { key, by, ...scores }: ComparedRow): string {
  const named = ({ description: { name, version } }: Pair['serving']) => ({ model: name, version });
  const line = {
    at: new Date(atMs).toISOString(),
    answeredBy: by,
    ...(key !== undefined && { key }),
    serving: { ...named(serving), ...scores.serving },
    candidate: { ...named(candidate), ...scores.candidate },
  };
  return `${JSON.stringify(line)}\n`;
}

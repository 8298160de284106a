import { CallError } from './errors.ts';

export interface BatcherOptions<Row, Answer> {
  /** Answers rows in their order, all or none. */
  readonly send: (rows: readonly Row[]) => Promise<readonly Answer[]>;
  readonly maxRows: number;
  /** How long the first row of a batch waits for others; with 0, until the present turn of the event loop ends. */
  readonly delayMs: number;
}

interface Waiting<Row, Answer> {
  readonly row: Row;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers single rows to calls of many. A row that the service refuses fails alone: the others of its batch are sent again. */
export function createBatcher<Row, Answer>(options: BatcherOptions<Row, Answer>): (row: Row) => Promise<Answer> {
  const { send, maxRows, delayMs } = options;
  let waiting: Waiting<Row, Answer>[] = [];
  let cancelTimer: () => void = () => undefined;

  function flush(): void {
    cancelTimer();
    cancelTimer = () => undefined;
    const batch = waiting;
    waiting = [];
    void sendAll(send, batch);
  }
  function start(): () => void {
    if (delayMs > 0) {
      const timer = setTimeout(flush, delayMs);
      return () => clearTimeout(timer);
    }
    const turn = setImmediate(flush);
    return () => clearImmediate(turn);
  }
  return (row) =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject });
      if (waiting.length === 1) cancelTimer = start();
      if (waiting.length >= maxRows) flush();
    });
}

type Send<Row, Answer> = BatcherOptions<Row, Answer>['send'];

async function sendAll<Row, Answer>(send: Send<Row, Answer>, batch: readonly Waiting<Row, Answer>[]): Promise<void> {
  if (batch.length === 0) return;
  try {
    const answers = await send(batch.map(({ row }) => row));
    for (const [i, { resolve }] of batch.entries()) resolve(answers[i]!);
  } catch (thrown) {
    const parts = batch.length === 1 ? undefined : splitAtFault(batch, thrown);
    if (parts === undefined) for (const { reject } of batch) reject(thrown);
    else await Promise.all(parts.map((part) => sendAll(send, part)));
  }
}

/**
 * The row that is at fault by itself, where the service names it (`record`), and the others in halves, of which many may be at
 * fault; halves where it names none, or where the batch was too large. Undefined for faults that are no row's.
 */
function splitAtFault<T>(batch: readonly T[], thrown: unknown): readonly (readonly T[])[] | undefined {
  if (!(thrown instanceof CallError)) return undefined;
  const { record } = thrown.data;
  if (typeof record === 'number' && record in batch) {
    return [[batch[record]!], ...halves(batch.filter((_, i) => i !== record))];
  }
  const isTooLarge = thrown.status === 'RESOURCE_EXHAUSTED' && thrown.retryAfterMs === undefined;
  return isTooLarge || thrown.status === 'INVALID_ARGUMENT' ? halves(batch) : undefined;
}

function halves<T>(batch: readonly T[]): readonly (readonly T[])[] {
  const middle = batch.length >> 1;
  return [batch.slice(0, middle), batch.slice(middle)];
}

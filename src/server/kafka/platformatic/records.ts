import type { AristarchError } from '../../../base/errors.ts';
import type { InboundMessage } from '../port.ts';
import { findMisplaced } from '../read-record-batch.ts';
import type { AbortedTransaction, PartitionAnswer, ReadBatch } from './fetch.ts';

/** The type of a control record that ends a transaction by taking it back, behind two bytes of version (KIP-98). */
const ABORT = 0;

export interface Fetched {
  /** From the asked offset on, without control records and what was taken back; ascending. */
  readonly messages: readonly InboundMessage[];
  /** Behind everything that was looked at, control records included. */
  readonly nextOffset: bigint;
  /** Why nothing can be read from there on, where that is so. */
  readonly unreadable: AristarchError | undefined;
}

/** What readers of committed messages are to see of a fetched partition. */
export function readFetched({ batches, aborted, unreadable, end: partitionEnd }: FetchedPart, from: bigint): Fetched {
  const isAborted = createAbortWatch(aborted);
  const messages: InboundMessage[] = [];
  let nextOffset = from;
  for (const each of batches) {
    const end = each.batch.lastOffset + 1n;
    const misplaced = findMisplaced(each.batch.lastOffset, { from, end: partitionEnd });
    if (misplaced !== undefined) return { messages, nextOffset, unreadable: misplaced };
    const isHidden = isAborted(each) || each.batch.isControl;
    if (!isHidden) appendMessages(messages, each, from);
    if (end > nextOffset) nextOffset = end;
  }
  return { messages, nextOffset, unreadable };
}

type FetchedPart = Pick<PartitionAnswer, 'batches' | 'aborted' | 'unreadable' | 'end'>;

/**
 * Tells of each batch, in their order, whether its transaction was taken back. The broker lists aborted transactions by where they
 * end; each lasts from its first offset to its producer's next control record that says so. The client's own filter
 * keeps one of each producer, lets those pass whose end was not fetched, and breaks off at an end that has no beginning.
 */
function createAbortWatch(listed: readonly AbortedTransaction[]): (read: ReadBatch) => boolean {
  const waiting = [...listed].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborted = new Set<bigint>();
  return ({ batch: { lastOffset, producerId, isControl, isInTransaction }, records }) => {
    while (waiting.length > 0 && waiting[0]!.firstOffset <= lastOffset) aborted.add(waiting.shift()!.producerId);
    if (isControl) {
      if (typeOfEnd(records[0]?.key) === ABORT) aborted.delete(producerId);
      return true;
    }
    return isInTransaction && aborted.has(producerId);
  };
}

/** Undefined for none. */
function typeOfEnd(key: Buffer | null | undefined): number | undefined {
  return key !== null && key !== undefined && key.length >= 4 ? key.readInt16BE(2) : undefined;
}

function appendMessages(messages: InboundMessage[], { records }: ReadBatch, from: bigint): void {
  for (const { offset, timeMs, key, value, headers } of records) {
    if (offset < from) continue;
    messages.push({ offset, key, value, headers, timestampMs: timeMs >= 0n ? Number(timeMs) : undefined });
  }
}

import { collectHeaders } from '../headers.ts';
import type { InboundMessage } from '../port.ts';
import type { FetchResponsePartition, RecordsBatch } from './engine.ts';

/** Bits of a batch's attributes (Kafka's protocol guide, "Record Batch"). */
const TIMED_BY_BROKER = 1 << 3;
const IN_TRANSACTION = 1 << 4;
const IS_CONTROL = 1 << 5;
/** The type of a control record that ends a transaction by taking it back, behind two bytes of version (KIP-98). */
const ABORT = 0;

export interface Fetched {
  /** From the asked offset on, without control records and what was taken back; ascending. */
  readonly messages: readonly InboundMessage[];
  /** Behind everything that was looked at, control records included. */
  readonly nextOffset: bigint;
}

/** What readers of committed messages are to see of a fetched partition. */
export function readFetched({ records = [], abortedTransactions }: FetchedPart, from: bigint): Fetched {
  const isAborted = createAbortWatch(abortedTransactions ?? []);
  const messages: InboundMessage[] = [];
  let nextOffset = from;
  for (const batch of records) {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    const isHidden = isAborted(batch) || (batch.attributes & IS_CONTROL) !== 0;
    if (!isHidden) appendMessages(messages, batch, from);
    if (end > nextOffset) nextOffset = end;
  }
  return { messages, nextOffset };
}

type FetchedPart = Partial<Pick<FetchResponsePartition, 'records' | 'abortedTransactions'>>;

/**
 * Tells of each batch, in their order, whether its transaction was taken back. The broker lists aborted transactions by where they
 * end; each lasts from its first offset to its producer's next control record that says so. The client's own filter
 * keeps one of each producer, lets those pass whose end was not fetched, and breaks off at an end that has no beginning.
 */
function createAbortWatch(listed: FetchResponsePartition['abortedTransactions']): (batch: RecordsBatch) => boolean {
  const waiting = [...listed].sort((a, b) => (a.firstOffset < b.firstOffset ? -1 : 1));
  const aborted = new Set<bigint>();
  return (batch) => {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    while (waiting.length > 0 && waiting[0]!.firstOffset <= end) aborted.add(waiting.shift()!.producerId);
    if ((batch.attributes & IS_CONTROL) !== 0) {
      if (batch.records[0]?.key?.readInt16BE(2) === ABORT) aborted.delete(batch.producerId);
      return true;
    }
    return (batch.attributes & IN_TRANSACTION) !== 0 && aborted.has(batch.producerId);
  };
}

function appendMessages(messages: InboundMessage[], batch: RecordsBatch, from: bigint): void {
  const { firstOffset, firstTimestamp, maxTimestamp, attributes } = batch;
  const isTimedByBroker = (attributes & TIMED_BY_BROKER) !== 0;
  for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
    const offset = firstOffset + BigInt(offsetDelta);
    if (offset < from) continue;
    const timestampMs = Number(isTimedByBroker ? maxTimestamp : firstTimestamp + timestampDelta);
    const timed = timestampMs >= 0 ? timestampMs : undefined;
    messages.push({ offset, key, value, headers: collectHeaders(headers), timestampMs: timed });
  }
}

import { createRequire } from 'node:module';

/** What kafkajs 2.2.3 decodes of a fetched message, as far as it is looked at here. */
export interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly isControlRecord?: boolean;
  batchContext: BatchContext;
}
/** What a message's batch says, or what holds it. */
export interface BatchContext {
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly lastOffset: bigint;
}
/** Of what belongs to no transaction. */
export const outsideOfTransactions = (lastOffset: bigint): BatchContext => {
  return { producerId: '-1', inTransaction: false, lastOffset };
};
export interface FetchedPartition {
  readonly messages: readonly FetchedMessage[];
  abortedTransactions?: readonly AbortedTransaction[] | null;
}
export interface AbortedTransaction {
  readonly producerId: string;
  readonly firstOffset: string;
}
interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}
interface BrokerClass {
  readonly prototype: { fetch(request: unknown): Promise<FetchResponse> };
}

/** The key of a control record that ends a transaction by taking it back: version 0, type 0 (KIP-98). */
const ABORT = Buffer.from([0, 0, 0, 0]);
/** No broker gives this id out: they count from 0. */
const NOBODY = '-2';

/**
 * Lets readers of committed messages see no message that was taken back. kafkajs takes the broker's list of aborted transactions to be
 * ordered by where they begin, and lets one begin at each message at most; the broker orders it by where they end, so that
 * of transactions that overlap some messages were handed out. Where a response is fetched, the messages of
 * aborted transactions are told apart as KIP-98 has it, and given to a producer that kafkajs knows to be aborted from the start.
 */
export function repairAbortedMessages(): void {
  const broker = createRequire(import.meta.url)('kafkajs/src/broker') as BrokerClass;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the broker itself, below
  const { fetch } = broker.prototype;
  broker.prototype.fetch = async function (request) {
    const response = await fetch.call(this, request);
    for (const { partitions } of response.responses) partitions.forEach(markAborted);
    return response;
  };
}

/** Gives aborted messages to `NOBODY`, and makes that the one aborted producer. */
export function markAborted(partition: FetchedPartition): void {
  const waiting = [...(partition.abortedTransactions ?? [])].sort((a, b) =>
    compareOffsets(a.firstOffset, b.firstOffset),
  );
  if (waiting.length === 0) return;
  const aborted = new Set<string>();
  for (const message of partition.messages) {
    while (waiting.length > 0 && compareOffsets(waiting[0]!.firstOffset, message.offset) <= 0)
      aborted.add(waiting.shift()!.producerId);
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord === true) {
      if (message.key?.equals(ABORT) === true) aborted.delete(producerId);
    } else if (inTransaction && aborted.has(producerId)) {
      message.batchContext = { ...message.batchContext, producerId: NOBODY };
    }
  }
  partition.abortedTransactions = [{ producerId: NOBODY, firstOffset: '0' }];
}

function compareOffsets(one: string, other: string): number {
  const difference = BigInt(one) - BigInt(other);
  return difference < 0n ? -1 : Number(difference > 0n);
}

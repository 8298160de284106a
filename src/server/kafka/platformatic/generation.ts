import { setTimeout as sleep } from 'node:timers/promises';
import type { AristarchError } from '../../../base/errors.ts';
import type { BatchHandler, HiddenRange, KafkaClientConfig, PartitionBatch } from '../port.ts';
import { unreadableAt } from '../read-record-batch.ts';
import { fetchUntil } from './fetcher.ts';
import type { Generation, Membership } from './membership.ts';
import { readCommitted, readEnds } from './offsets.ts';
import { createPartitions, type OwnPartition, rewind } from './partitions.ts';
import type { Fetched } from './records.ts';
import type { Wire } from './wire.ts';

export interface GenerationParts {
  readonly config: KafkaClientConfig;
  readonly fault: (thrown: unknown) => AristarchError;
  readonly handler: BatchHandler;
  readonly onHidden: (range: HiddenRange) => void;
  /** Called once, where the group is to be dealt anew. */
  readonly onRebalancing: () => void;
  readonly membership: Membership;
  readonly generation: Generation;
  readonly wires: { readonly group: Wire; readonly data: Wire };
}

/** Looks where the group is, and notes it where it begins at the end: what comes until its first commit would else be passed over by whoever is next. What a transaction is about to move is not waited for: the transactional way out looks again. */
export async function openGeneration(parts: GenerationParts): Promise<OpenGeneration> {
  const { config, generation, membership, wires } = parts;
  const { partitions } = generation;
  if (partitions.length === 0) return new OpenGeneration(parts, []);
  const [committed, starts] = await Promise.all([
    readCommitted(wires.group, config, partitions, { settled: false }),
    readEnds(wires.data, config.topicIn, config.startAt),
  ]);
  const positions = partitions.map((each) => [each, committed.get(each) ?? starts.get(each) ?? 0n] as const);
  for (const [partition, start] of positions) {
    if (config.startAt === 'latest' && !committed.has(partition)) await membership.commit(generation, partition, start);
  }
  return new OpenGeneration(parts, createPartitions(new Map(positions)));
}

/** The time between two dealings out: heartbeats, fetches and handlers side by side. */
export class OpenGeneration {
  readonly #parts: GenerationParts;
  readonly #partitions: readonly OwnPartition[];
  readonly #handlers = new Set<Promise<void>>();
  /** Aborted when nothing more may be begun. */
  readonly #ending = new AbortController();
  /** Whether the partitions are no longer ours. */
  #lost = false;
  #last: OwnPartition | undefined;
  #failure: { readonly thrown: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(parts: GenerationParts, partitions: readonly OwnPartition[]) {
    this.#parts = parts;
    this.#partitions = partitions;
  }

  /** Ends when the group deals anew or `signal` aborts, after the batches at work; rejects when a connection fails. */
  async work(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#end();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const { config, generation, wires, onHidden } = this.#parts;
    const fetching = fetchUntil(
      {
        ...{ wire: wires.data, config, partitions: this.#partitions, onHidden },
        onFetched: () => this.#startHandlers(),
        onMetadata: (count) => count === generation.partitionsCount || this.#endForOthers(),
        freed: () => new Promise((resolve) => (this.#wake = resolve)),
      },
      this.#ending.signal,
    ).catch((thrown: unknown) => this.#fail(thrown));
    const finished = new AbortController();
    const beating = this.#beat(finished.signal);
    await fetching;
    await this.#ended();
    // Heartbeats go on while the batches at work are finished.
    while (this.#handlers.size > 0) await Promise.all(this.#handlers);
    this.#lost = true;
    finished.abort();
    await beating;
    signal.removeEventListener('abort', end);
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }

  #end(): void {
    this.#ending.abort();
    this.#wake();
  }

  #endForOthers(): void {
    if (this.#ending.signal.aborted) return;
    this.#end();
    this.#parts.onRebalancing();
  }

  #fail(thrown: unknown): void {
    this.#failure ??= { thrown };
    this.#end();
  }

  async #ended(): Promise<void> {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { membership, generation, config } = this.#parts;
    const intervalMs = Math.max(100, Math.floor(config.sessionTimeoutMs / 10));
    for (;;) {
      await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const standing = await membership.heartbeat(generation);
        if (standing === 'lost') this.#lost = true;
        if (standing !== 'member') this.#endForOthers();
      } catch (thrown) {
        // Without a word from the group its partitions may be anybody's, and what is at work is looked at by its commit.
        this.#fail(thrown);
      }
    }
  }

  #startHandlers(): void {
    for (const own of this.#inTurn()) {
      if (this.#ending.signal.aborted || this.#handlers.size >= this.#parts.config.concurrency) return;
      if (own.waiting === undefined || own.done !== undefined || own.restsUntilMs > performance.now()) continue;
      const fetched = own.waiting;
      own.waiting = undefined;
      own.done = fetched.messages[0]?.offset ?? fetched.nextOffset;
      this.#last = own;
      this.#wake();
      const handling = this.#handle(own, fetched).finally(() => {
        this.#handlers.delete(handling);
        this.#startHandlers();
      });
      this.#handlers.add(handling);
    }
  }

  /** Begins behind the partition that had its turn last: none starves another. */
  #inTurn(): readonly OwnPartition[] {
    const next = this.#last === undefined ? 0 : this.#partitions.indexOf(this.#last) + 1;
    return [...this.#partitions.slice(next), ...this.#partitions.slice(0, next)];
  }

  async #handle(own: OwnPartition, fetched: Fetched): Promise<void> {
    try {
      await this.#parts.handler(this.#toBatch(own, fetched));
    } catch (thrown) {
      this.#fail(thrown);
    }
    // What was left undone is read again; where all is done, the batch that waits goes on behind it.
    if (own.done! < fetched.nextOffset) rewind(own, own.done!);
    own.done = undefined;
    this.#wake();
  }

  #toBatch(own: OwnPartition, { messages, nextOffset: end, unreadable }: Fetched): PartitionBatch {
    const { config, membership, generation, fault } = this.#parts;
    const { topicIn: topic } = config;
    const { partition } = own;
    const advance = (nextOffset: bigint): void => {
      own.done = nextOffset;
      // Somebody else has worked on the partition, and is beyond what was fetched.
      if (nextOffset > end) rewind(own, nextOffset);
    };
    return {
      ...{ topic, partition, messages, nextOffset: end, advance },
      unreadable: unreadable && unreadableAt({ topic, partition }, end, unreadable),
      isOurs: () => !this.#lost,
      isWanted: () => !this.#ending.signal.aborted,
      commit: async (nextOffset) => {
        if (this.#lost) return 'lost';
        const outcome = await membership.commit(generation, partition, nextOffset).catch((thrown: unknown) => {
          throw fault(thrown);
        });
        if (outcome === 'committed') advance(nextOffset);
        else {
          this.#lost = true;
          this.#endForOthers();
        }
        return outcome;
      },
      goBackTo: (offset) => void (own.done = offset),
      redeliverAfter: (delayMs) => {
        rewind(own, own.done!);
        own.restsUntilMs = performance.now() + delayMs;
      },
    };
  }
}

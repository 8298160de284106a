import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Delivery } from './deliveries.ts';
import type { KafkaClient, OutboundMessage, PartitionBatch, TransactionalLane, TransactionalSession } from './port.ts';
import { halve, toRequests } from './requests.ts';

/** How long a session that is given up may take to tell the broker. */
const CLOSE_MS = 5_000;

/**
 * One partition's transactional producer, for one delivery at a time: opening one ends the one before, whose handler may still be at work
 * where the group was joined anew meanwhile. What both sent would else be committed together, twice.
 */
export class Lane {
  readonly #client: Pick<KafkaClient, 'openTransactionalSession'>;
  readonly #lane: TransactionalLane;
  #session: TransactionalSession | undefined;
  /** The group's offset, since the session is open; -1 where there is none. */
  #committed = -1n;
  /** Behind what was done: the consumer reads on from there, also where a broker forgets that. Where the first batch began. */
  #done = -1n;
  #start: bigint | undefined;
  /** What the open transaction holds; and whether anything is, or was, on its way into it. */
  #sent: { readonly topic: string; readonly messages: readonly OutboundMessage[] }[] = [];
  #touched = false;
  /** Counts deliveries: the last one is the lane's. */
  #deliveries = 0;
  #preparing: Promise<void> | undefined;
  #ended = false;

  constructor(client: Pick<KafkaClient, 'openTransactionalSession'>, lane: TransactionalLane) {
    this.#client = client;
    this.#lane = lane;
  }

  /**
   * Opens the session before there is a batch, which puts in order what an earlier owner has left: where no event comes any more, nobody
   * else would. Rejects where it cannot be opened.
   */
  prepare(): Promise<void> {
    const isWanted = !this.#ended && this.#session === undefined && this.#deliveries === 0;
    this.#preparing ??= isWanted ? this.#prepare() : undefined;
    return this.#preparing ?? Promise.resolve();
  }

  async #prepare(): Promise<void> {
    try {
      await this.#openSession(this.#deliveries);
    } finally {
      this.#preparing = undefined;
    }
  }

  async open(batch: PartitionBatch, maxRequestBytes: number): Promise<Delivery> {
    // Where it fails the batch tries by itself, and says why.
    await this.#preparing?.catch(() => undefined);
    const delivery = ++this.#deliveries;
    // A batch that failed on its way to a commit leaves a transaction behind, which must not go on with the next one.
    if (this.#touched) await this.drop();
    await this.#openSession(delivery);
    this.#checkPlace(batch);
    return {
      from: this.#committed,
      send: async (topic, messages) => {
        const refused: OutboundMessage[] = [];
        for (const request of toRequests(messages, maxRequestBytes))
          refused.push(...(await this.#send(delivery, topic, request)));
        return refused;
      },
      commit: (nextOffset) => this.#commit(delivery, batch, nextOffset),
    };
  }

  /**
   * A broker that has lost what it had answered (an election of one that lagged behind, an end of a transaction that stands nowhere) takes back offset and
   * results, and the consumer is beyond them: what is before the batch would be left out, and the next commit would be beyond that, too.
   */
  #checkPlace(batch: PartitionBatch): void {
    const [committed, done] = [this.#committed, this.#done];
    this.#start ??= batch.messages[0]?.offset ?? batch.nextOffset;
    this.#done = committed;
    if (committed >= done) return;
    const place = committed < 0n ? this.#start : committed;
    batch.goBackTo(place);
    throw takenBack(this.#lane, place, done);
  }

  /** Throws where another delivery has the lane. */
  #check(delivery: number): TransactionalSession {
    if (this.#session === undefined || delivery !== this.#deliveries) throw movedOn(this.#lane);
    return this.#session;
  }

  /** The partition is not ours any more, or nothing is. */
  end(): Promise<void> {
    this.#ended = true;
    return this.drop();
  }

  /** Asked anew, which a compiler does not expect of a value that it has seen. */
  #isOver(): boolean {
    return this.#ended;
  }

  async drop(): Promise<void> {
    const dropped = this.#session;
    this.#session = undefined;
    this.#sent = [];
    this.#touched = false;
    // On a connection that is dead it may take as long as a request; the next session shuts this one out by itself.
    const closing = dropped?.close().catch(() => undefined);
    if (closing !== undefined) await Promise.race([closing, sleep(CLOSE_MS, undefined, { ref: false })]);
  }

  async #openSession(delivery: number): Promise<void> {
    if (this.#session !== undefined) return;
    // A batch may have waited in front of its lane while the partition went: its next owner's session must not be shut out.
    if (this.#ended) throw movedOn(this.#lane);
    const session = await this.#client.openTransactionalSession(this.#lane);
    if (this.#isOver() || delivery !== this.#deliveries) {
      // Another delivery opens one of its own, which shuts this one out.
      await session.close().catch(() => undefined);
      throw movedOn(this.#lane);
    }
    [this.#session, this.#committed] = [session, session.committed ?? -1n];
  }

  async #send(
    delivery: number,
    topic: string,
    messages: readonly OutboundMessage[],
  ): Promise<readonly OutboundMessage[]> {
    const session = this.#check(delivery);
    this.#touched = true;
    try {
      await session.send(topic, messages);
    } catch (thrown) {
      const error = toAristarchError(thrown);
      this.#check(delivery);
      const before = this.#sent;
      await this.drop();
      if (error.code !== 'RESOURCE_EXHAUSTED') throw error;
      await this.#beginAgain(delivery, before);
      return halve(messages, (half) => this.#send(delivery, topic, half));
    }
    this.#check(delivery);
    this.#sent.push({ topic, messages });
    return [];
  }

  /** A transaction that a refusal has broken is ended, and what it held is sent in a new one. */
  async #beginAgain(
    delivery: number,
    sent: readonly { readonly topic: string; readonly messages: readonly OutboundMessage[] }[],
  ) {
    const expected = this.#committed;
    await this.#openSession(delivery);
    if (this.#committed !== expected) throw movedOn(this.#lane);
    for (const { topic, messages } of sent) {
      const session = this.#check(delivery);
      this.#touched = true;
      await session.send(topic, messages);
      this.#sent.push({ topic, messages });
    }
  }

  async #commit(delivery: number, batch: PartitionBatch, nextOffset: bigint): Promise<'committed' | 'lost'> {
    if (!batch.isOurs()) {
      if (delivery === this.#deliveries) await this.drop();
      return 'lost';
    }
    const { topic, partition } = batch;
    const session = this.#check(delivery);
    this.#touched = true;
    try {
      await session.commit({ topic, partition, nextOffset });
    } catch (thrown) {
      if (delivery === this.#deliveries) await this.drop();
      throw thrown;
    }
    // Whoever has the lane since has read the offset himself.
    if (delivery !== this.#deliveries) return 'lost';
    this.#sent = [];
    this.#touched = false;
    this.#committed = this.#done = nextOffset;
    batch.advance(nextOffset);
    return 'committed';
  }
}

function movedOn({ transactionalId }: TransactionalLane): AristarchError {
  return new AristarchError(
    'UNAVAILABLE',
    `the partition of transactional id "${transactionalId}" was worked on by another member meanwhile; its events are looked at anew`,
    { transactionalId },
  );
}

function takenBack({ transactionalId }: TransactionalLane, place: bigint, done: bigint): AristarchError {
  const message =
    `the brokers have taken back what transactional id "${transactionalId}" had committed up to offset ${done}, with its results: ` +
    `the partition goes back to offset ${place}; see whether a broker was lost, and whether topics have replicas enough`;
  return new AristarchError('UNAVAILABLE', message, {
    transactionalId,
    place: place.toString(),
    done: done.toString(),
  });
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { HiddenRange, KafkaClientConfig } from '../port.ts';
import type { ClusterMetadata } from './engine.ts';
import { isPassing, isTooMuchAtOnce, protocolErrorsOf } from './faults.ts';
import { FETCH, type PartitionAnswer } from './fetch.ts';
import { readEnds } from './offsets.ts';
import { canFetch, type OwnPartition, rewind, takeIn } from './partitions.ts';
import { readFetched } from './records.ts';
import type { Wire } from './wire.ts';

/**
 * How long the broker waits for messages: also the longest time that stopping, and a partition coming out of its rest, wait for a
 * fetch to end. Shorter where partitions are at work, whose next batch is to be fetched meanwhile.
 */
const MAX_WAIT_MS = { idle: 250, atWork: 25 };
const MIN_BYTES = 1;
const MAX_BYTES = 16 * 2 ** 20;
const MAX_PARTITION_BYTES = 2 ** 20;
/** A broker that may send so many bytes sends one batch all the same (KIP-74). */
const ONE_BATCH = 1;
const READ_COMMITTED = 1;
/** Of fetch sessions (KIP-227), which are not used; and of epochs that are not watched. */
const NO_SESSION = [0, -1] as const;
const NO_EPOCH = -1;
const OFFSET_OUT_OF_RANGE = 1;
/** Pauses where there is nothing to ask for, or a leader is moving. */
const IDLE_MS = 20;
const MOVING_MS = 200;
const MOST_MOVES = 50;

export interface FetcherParts {
  readonly wire: Wire;
  readonly config: KafkaClientConfig;
  readonly partitions: readonly OwnPartition[];
  /** Called when something was taken in. */
  readonly onFetched: () => void;
  /** Called where readers are to see nothing of what was fetched. */
  readonly onHidden: (range: HiddenRange) => void;
  /** Called with the topic's partitions where they are looked at. */
  readonly onMetadata: (partitionsCount: number) => void;
  /** Resolves as soon as a partition may be fetched that could not before. */
  readonly freed: () => Promise<void>;
}

/**
 * Fetches for all partitions that have no batch waiting, a request to each leader at a time, until `signal` aborts. Where that is too
 * much at once, each has a turn alone, of one batch, and none while such a batch waits: one of them is held, whatever their number.
 */
export async function fetchUntil(parts: FetcherParts, signal: AbortSignal): Promise<void> {
  const { wire, config, partitions } = parts;
  let [moves, turns] = [0, 0];
  while (!signal.aborted) {
    const free = partitions.filter((own) => canFetch(own, performance.now()));
    const isAlone = turns > 0;
    const wanted = isAlone ? chooseOne(partitions, free, turns) : free;
    if (wanted.length === 0) {
      await Promise.race([parts.freed(), sleep(IDLE_MS)]);
      continue;
    }
    try {
      const metadata = await wire.metadata([config.topicIn], moves > 0);
      parts.onMetadata(metadata.topics.get(config.topicIn)!.partitionsCount);
      await fetchOnce(parts, metadata, wanted, isAlone);
      moves = 0;
      if (isAlone) turns -= 1;
    } catch (thrown) {
      if (!isAlone && isTooMuchAtOnce(thrown)) {
        turns = wanted.length;
        continue;
      }
      moves += 1;
      const isAborted: () => boolean = () => signal.aborted;
      if (!isAborted() && (!isPassing(thrown) || moves > MOST_MOVES)) throw thrown;
      await sleep(MOVING_MS);
    }
  }
}

/** Nothing while something waits; else another partition at each turn. */
function chooseOne(all: readonly OwnPartition[], free: readonly OwnPartition[], turn: number): readonly OwnPartition[] {
  if (free.length === 0 || all.some(({ waiting }) => waiting !== undefined)) return [];
  return [free[turn % free.length]!];
}

/** Throws the first fault of any leader once all have answered. */
async function fetchOnce(
  parts: FetcherParts,
  { topics, brokers }: ClusterMetadata,
  wanted: readonly OwnPartition[],
  isAlone: boolean,
): Promise<void> {
  const { id: topicId, partitions } = topics.get(parts.config.topicIn)!;
  const leaderOf = ({ partition }: OwnPartition): number => partitions[partition]?.leader ?? -1;
  const fetches = [...new Set(wanted.map(leaderOf))].map(async (leader) => {
    const own = wanted.filter((each) => leaderOf(each) === leader);
    const broker = brokers.get(leader);
    // A partition without a leader, for the moment.
    if (broker === undefined) return sleep(MOVING_MS);
    const from = new Map(own.map(({ partition, position }) => [partition, position]));
    const asked = [...from].map(([partition, fetchOffset]) => ({
      ...{ partition, fetchOffset, currentLeaderEpoch: NO_EPOCH, lastFetchedEpoch: NO_EPOCH },
      partitionMaxBytes: isAlone ? ONE_BATCH : MAX_PARTITION_BYTES,
    }));
    // Others that wait for their turn must not wait for events of one that has none.
    const isBusy = isAlone || parts.partitions.some(({ done }) => done !== undefined);
    const maxWaitMs = isBusy ? MAX_WAIT_MS.atWork : MAX_WAIT_MS.idle;
    const topic = [{ topicId, partitions: asked }];
    const answered = await fetchBounded(
      (maxBytes) => {
        const limits = [maxWaitMs, MIN_BYTES, maxBytes, READ_COMMITTED, ...NO_SESSION] as const;
        return parts.wire.askBy(FETCH, broker, ...limits, topic, [], '');
      },
      isAlone ? ONE_BATCH : MAX_BYTES,
    );
    for (const each of own) await takeAnswer(parts, each, from.get(each.partition)!, answered);
  });
  const failed = (await Promise.allSettled(fetches)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function takeAnswer(
  { wire, config, onFetched, onHidden }: FetcherParts,
  own: OwnPartition,
  from: bigint,
  answered: readonly PartitionAnswer[],
): Promise<void> {
  const answer = answered.find(({ partition }) => partition === own.partition);
  if (answer === undefined || own.position !== from) return;
  if (answer.errorCode === OFFSET_OUT_OF_RANGE) {
    rewind(own, await findPlace(wire, config, own));
    return;
  }
  const fetched = readFetched(answer, from);
  takeIn(own, from, fetched);
  if (own.waiting !== undefined) onFetched();
  else if (fetched.nextOffset > from) onHidden({ partition: own.partition, from, to: fetched.nextOffset });
}

/** Where there is nothing at a place: the oldest that is kept, where more than that is gone; else as for a group without a place. */
async function findPlace(
  wire: Wire,
  { topicIn, startAt }: KafkaClientConfig,
  { partition, position }: OwnPartition,
): Promise<bigint> {
  const low = (await readEnds(wire, topicIn, 'earliest')).get(partition) ?? 0n;
  if (position < low || startAt === 'earliest') return low;
  return (await readEnds(wire, topicIn, startAt)).get(partition) ?? low;
}

type Fetch = (maxBytes: number) => Promise<readonly PartitionAnswer[]>;

/**
 * The partitions of an answer, with ends behind all that a sound broker has read: it looks where they end before it reads, and may read more
 * by then. Where it did, it is asked for them once more.
 */
async function fetchBounded(fetch: Fetch, maxBytes: number): Promise<readonly PartitionAnswer[]> {
  const answered = await fetchFrom(() => fetch(maxBytes));
  if (!answered.some(isBeyondEnd)) return answered;
  const later = await fetchFrom(() => fetch(ONE_BATCH));
  const ends = new Map(later.map(({ partition, end }) => [partition, end]));
  return answered.map((answer) => ({ ...answer, end: larger(answer.end, ends.get(answer.partition) ?? answer.end) }));
}

const isBeyondEnd = ({ batches, end }: PartitionAnswer): boolean =>
  batches.length > 0 && batches.at(-1)!.batch.lastOffset >= end;

/** An end is -1 where the broker refuses a partition, as it may the second time. */
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The partitions of an answer, also where one of them is out of range: the client throws then, with the answer in its hands. */
async function fetchFrom(fetch: () => Promise<readonly PartitionAnswer[]>): Promise<readonly PartitionAnswer[]> {
  try {
    return await fetch();
  } catch (thrown) {
    const isOutOfRange = protocolErrorsOf(thrown).every((name) => name === 'OFFSET_OUT_OF_RANGE');
    const response = thrown instanceof Error && 'response' in thrown ? thrown.response : undefined;
    if (response === undefined || !isOutOfRange) throw thrown;
    return response as readonly PartitionAnswer[];
  }
}

import { createRequire } from 'node:module';
import { toRejoining } from './faults.ts';

interface Place {
  readonly topic: string;
  readonly partition: number;
}
interface Offsets {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}
interface Asked {
  readonly topic: string;
  readonly fromBeginning: boolean;
  readonly partitions: readonly { readonly partition: number }[];
}

/** What kafkajs 2.2.3 knows of where it reads, as far as it is looked at here. */
export interface OffsetManager {
  readonly resolvedOffsets: Readonly<Record<string, Record<number, string>>>;
  readonly cluster: { fetchTopicsOffset(topics: readonly Asked[]): Promise<readonly Offsets[]> };
  nextOffset(topic: string, partition: number): { toString(): string };
  commitOffsets(offsets: { readonly topics: readonly Offsets[] }): Promise<void>;
}
export type SetDefaultOffset = (this: OffsetManager, place: Place) => Promise<void>;
export type ResolveOffsets = (this: OffsetManager) => Promise<void>;

/**
 * Has kafkajs keep its places. Where the next events are gone its own way begins as a group does that has no place yet: at the end, where that is
 * so configured, and what is still there would never be read. And a group that begins at the end has no place until its first
 * commit: what comes until then would be passed over by whoever is next.
 */
export function keepPlaces(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/offsetManager') as {
    prototype: { setDefaultOffset: SetDefaultOffset; resolveOffsets: ResolveOffsets };
  };
  prototype.setDefaultOffset = goOnWithOldest(prototype.setDefaultOffset);
  prototype.resolveOffsets = commitEnds(prototype.resolveOffsets);
}

/**
 * Commits what the client finds out for partitions without an offset, where that is their end. One at a time: the client asks once for each broker
 * that it reads from, and who is answered late would set the group's place behind events that others are to read, or before what is committed.
 */
export function commitEnds(resolve: ResolveOffsets): ResolveOffsets {
  const commitFound = commitFoundEnds(resolve);
  // There is a manager for each time that the group is joined; what is known of offsets is their cluster's.
  const atWork = new WeakMap<OffsetManager['cluster'], Promise<void>>();
  return function () {
    const before = atWork.get(this.cluster) ?? Promise.resolve();
    // Who waited finds nothing left to ask for, or, where that failed, asks for itself.
    const own = before.catch(() => undefined).then(() => commitFound.call(this));
    atWork.set(this.cluster, own);
    return own;
  };
}

function commitFoundEnds(resolve: ResolveOffsets): ResolveOffsets {
  return async function () {
    const { cluster } = this;
    // What the client is told it takes for committed: until that is so it is told nothing.
    const fetchTopicsOffset = async (asked: readonly Asked[]): Promise<readonly Offsets[]> => {
      const found = await cluster.fetchTopicsOffset(asked);
      const fromEnd = new Set(asked.filter(({ fromBeginning }) => !fromBeginning).map(({ topic }) => topic));
      const ends = found.filter(({ topic }) => fromEnd.has(topic));
      if (ends.length > 0) await commitOrRejoin(this, ends);
      return found;
    };
    const watched = Object.create(cluster, { fetchTopicsOffset: { value: fetchTopicsOffset } }) as typeof cluster;
    await resolve.call(Object.create(this, { cluster: { value: watched } }) as OffsetManager);
  };
}

/** The group may have been joined anew while others were waited for. */
async function commitOrRejoin(manager: OffsetManager, topics: readonly Offsets[]): Promise<void> {
  try {
    await manager.commitOffsets({ topics });
  } catch (thrown) {
    throw toRejoining(thrown);
  }
}

/** `otherwise`: for a place behind the end, as where a topic was made anew. */
export function goOnWithOldest(otherwise: SetDefaultOffset): SetDefaultOffset {
  return async function ({ topic, partition }) {
    const asked = [{ topic, fromBeginning: true, partitions: [{ partition }] }] as const;
    const [oldest] = (await this.cluster.fetchTopicsOffset(asked)).flatMap(({ partitions }) => partitions);
    const isGone = oldest !== undefined && BigInt(String(this.nextOffset(topic, partition))) < BigInt(oldest.offset);
    if (!isGone) return otherwise.call(this, { topic, partition });
    this.resolvedOffsets[topic]![partition] = oldest.offset;
  };
}

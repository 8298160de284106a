import { createRequire } from 'node:module';

interface Place {
  readonly topic: string;
  readonly partition: number;
}
/** What kafkajs 2.2.3 knows of where it reads, as far as it is looked at here. */
export interface OffsetManager {
  readonly resolvedOffsets: Readonly<Record<string, Record<number, string>>>;
  readonly cluster: {
    fetchTopicsOffset(
      topics: readonly { topic: string; fromBeginning: true; partitions: readonly { partition: number }[] }[],
    ): Promise<readonly { readonly partitions: readonly { readonly offset: string }[] }[]>;
  };
  nextOffset(topic: string, partition: number): { toString(): string };
}
export type SetDefaultOffset = (this: OffsetManager, place: Place) => Promise<void>;

/**
 * Has kafkajs go on with the oldest event that is kept where those before it are gone. Its own way begins as a group does that has no place
 * yet: at the end, where that is so configured, and what is still there would never be read.
 */
export function keepPlaces(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/offsetManager') as {
    prototype: { setDefaultOffset: SetDefaultOffset };
  };
  prototype.setDefaultOffset = goOnWithOldest(prototype.setDefaultOffset);
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

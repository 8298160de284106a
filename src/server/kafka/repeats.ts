import type { InboundMessage, ScoreRecords } from './port.ts';

type Model = ScoreRecords['model'];

/**
 * Which events were scored before: after a fault, those behind the last committed offset come again, and the same few rows again and
 * again would look like drift. Of each partition and version of a model the offsets that it has scored and that are not committed yet: those
 * themselves, since what comes again need not begin or end where it did, and a model judges what another one fails at, or is asked
 * for one by one, in any order.
 */
export interface Repeats {
  /** Places of the messages that this model has not scored before, ascending; undefined for all. */
  findNew(partition: number, model: Model, messages: readonly InboundMessage[]): readonly number[] | undefined;
  scored(partition: number, model: Model, messages: readonly InboundMessage[]): void;
  /** What is before this offset does not come again: where it does, the topic is another one. */
  committed(partition: number, nextOffset: bigint): void;
  /** These partitions are ours: what is known of others is forgotten, since others commit them. */
  own(partitions: readonly number[]): void;
}

export function createRepeats(): Repeats {
  const uncommitted = new Map<number, Map<string, OffsetSet>>();
  function findNew(
    partition: number,
    model: Model,
    messages: readonly InboundMessage[],
  ): readonly number[] | undefined {
    const seen = uncommitted.get(partition)?.get(nameOf(model));
    if (seen === undefined || messages.length === 0 || seen.isBefore(messages[0]!.offset)) return undefined;
    const places = [...messages.keys()].filter((place) => !seen.has(messages[place]!.offset));
    return places.length === messages.length ? undefined : places;
  }
  return {
    findNew,
    scored(partition, model, messages) {
      const models = uncommitted.get(partition) ?? new Map<string, OffsetSet>();
      uncommitted.set(partition, models);
      const seen = models.get(nameOf(model)) ?? new OffsetSet();
      models.set(nameOf(model), seen);
      for (const { offset } of messages) seen.add(offset);
    },
    committed(partition, nextOffset) {
      const models = uncommitted.get(partition);
      for (const [model, seen] of models ?? []) if (!seen.keepFrom(nextOffset)) models?.delete(model);
    },
    own(partitions) {
      for (const partition of uncommitted.keys()) if (!partitions.includes(partition)) uncommitted.delete(partition);
    },
  };
}

const nameOf = ({ name, version }: Model): string => `${name}/${version}`;

/** Offsets, which come in ascending order, mostly, and go in that order: a list, from a place on, and beside it those that came late. */
class OffsetSet {
  #ascending: bigint[] = [];
  #from = 0;
  readonly #late = new Set<bigint>();

  add(offset: bigint): void {
    if (this.#ascending.length === 0 || offset > this.#ascending.at(-1)!) this.#ascending.push(offset);
    else if (!this.has(offset)) this.#late.add(offset);
  }

  has(offset: bigint): boolean {
    return this.#ascending[this.#placeOf(offset)] === offset || this.#late.has(offset);
  }

  /** Whether nothing of it is as large as that. */
  isBefore(offset: bigint): boolean {
    // What came late is before the last of those that did not.
    return this.#ascending.length === 0 || this.#ascending.at(-1)! < offset;
  }

  /** Forgets smaller ones. Answers whether any are left. */
  keepFrom(offset: bigint): boolean {
    this.#from = this.#placeOf(offset);
    // Seldom enough that as much was added as is copied.
    if (2 * this.#from > this.#ascending.length) {
      this.#ascending = this.#ascending.slice(this.#from);
      this.#from = 0;
    }
    for (const late of this.#late) if (late < offset) this.#late.delete(late);
    return this.#from < this.#ascending.length;
  }

  /** Of the first that is as large, or behind all. */
  #placeOf(offset: bigint): number {
    let [low, high] = [this.#from, this.#ascending.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#ascending[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

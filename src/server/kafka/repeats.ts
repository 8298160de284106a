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
}

/** What was scored together; its ends tell mostly that nothing of it is looked for. */
interface Together {
  readonly first: bigint;
  readonly last: bigint;
  readonly offsets: readonly bigint[];
}

export function createRepeats(): Repeats {
  const uncommitted = new Map<number, Map<string, Together[]>>();
  function findNew(
    partition: number,
    model: Model,
    messages: readonly InboundMessage[],
  ): readonly number[] | undefined {
    const before = uncommitted.get(partition)?.get(nameOf(model)) ?? [];
    const [start, end] = [messages[0]?.offset ?? 0n, messages.at(-1)?.offset ?? -1n];
    const near = before.filter(({ first, last }) => first <= end && last >= start);
    if (near.length === 0) return undefined;
    const seen = new Set(near.flatMap(({ offsets }) => offsets));
    const places = [...messages.keys()].filter((place) => !seen.has(messages[place]!.offset));
    return places.length === messages.length ? undefined : places;
  }
  return {
    findNew,
    scored(partition, model, messages) {
      // Only what is new, or a batch that is tried for hours would be kept as often.
      const places = findNew(partition, model, messages);
      const offsets = (places?.map((place) => messages[place]!) ?? messages).map(({ offset }) => offset);
      if (offsets.length === 0) return;
      const models = uncommitted.get(partition) ?? new Map<string, Together[]>();
      uncommitted.set(partition, models);
      const together = { first: offsets[0]!, last: offsets.at(-1)!, offsets };
      models.set(nameOf(model), [...(models.get(nameOf(model)) ?? []), together]);
    },
    committed(partition, nextOffset) {
      const models = uncommitted.get(partition);
      for (const [model, all] of models ?? []) {
        const left = all.filter(({ last }) => last >= nextOffset);
        if (left.length > 0) models?.set(model, left);
        else models?.delete(model);
      }
    },
  };
}

const nameOf = ({ name, version }: Model): string => `${name}/${version}`;

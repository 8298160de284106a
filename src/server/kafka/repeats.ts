import type { InboundMessage, ScoreRecords } from './port.ts';

type Model = ScoreRecords['model'];

/**
 * Which events were scored before: after a fault, those behind the last committed offset come again, and the same few rows again and
 * again would look like drift. Of each partition and version of a model (each has its own events where one is on trial, and its own drift)
 * the last offset that was scored and is not committed yet.
 */
export interface Repeats {
  /** How many of the first messages, in the order of their offsets, this model has scored before. */
  countBefore(partition: number, model: Model, messages: readonly InboundMessage[]): number;
  scored(partition: number, model: Model, messages: readonly InboundMessage[]): void;
  /** What is before this offset does not come again: where it does, the topic is another one. */
  committed(partition: number, nextOffset: bigint): void;
}

export function createRepeats(): Repeats {
  const last = new Map<number, Map<string, bigint>>();
  return {
    countBefore(partition, model, messages) {
      const seen = last.get(partition)?.get(nameOf(model));
      if (seen === undefined) return 0;
      const firstNew = messages.findIndex(({ offset }) => offset > seen);
      return firstNew === -1 ? messages.length : firstNew;
    },
    scored(partition, model, messages) {
      const offset = messages.at(-1)?.offset;
      if (offset === undefined) return;
      const models = last.get(partition) ?? new Map<string, bigint>();
      last.set(partition, models);
      const name = nameOf(model);
      if (offset > (models.get(name) ?? -1n)) models.set(name, offset);
    },
    committed(partition, nextOffset) {
      const models = last.get(partition);
      for (const [model, offset] of models ?? []) if (offset < nextOffset) models?.delete(model);
    },
  };
}

const nameOf = ({ name, version }: Model): string => `${name}/${version}`;

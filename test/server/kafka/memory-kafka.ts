import type { InboundMessage, OutboundMessage, PartitionBatch, ProducerPort } from '../../../src/server/kafka/port.ts';

export function toMessage(offset: number, value: string | null): InboundMessage {
  return {
    offset: BigInt(offset),
    key: Buffer.from(`k${offset}`),
    value: value === null ? null : Buffer.from(value),
    headers: {},
    timestampMs: 0,
  };
}

export interface MemoryBatch extends PartitionBatch {
  readonly committed: bigint[];
  readonly redeliveries: number[];
}

/** A batch that notes what is done to it; values of successive offsets, from 0. */
export function createBatch(
  values: readonly (string | null)[],
  commit: PartitionBatch['commit'] = () => Promise.resolve('committed'),
): MemoryBatch {
  const committed: bigint[] = [];
  const redeliveries: number[] = [];
  return {
    topic: 'events',
    partition: 0,
    messages: values.map((value, offset) => toMessage(offset, value)),
    committed,
    redeliveries,
    async commit(nextOffset) {
      const outcome = await commit(nextOffset);
      if (outcome === 'committed') committed.push(nextOffset);
      return outcome;
    },
    isOurs: () => true,
    advance: () => undefined,
    redeliverAfter: (delayMs) => void redeliveries.push(delayMs),
  };
}

export interface MemoryProducer extends ProducerPort {
  /** Offsets of the events behind the messages of each topic, as sent. */
  readonly sent: Record<string, string[]>;
}

/** A producer that remembers; `onSend` may throw, or return the messages that it refuses for their size. */
export function createMemoryProducer(
  onSend: (topic: string, messages: readonly OutboundMessage[]) => readonly OutboundMessage[] = () => [],
): MemoryProducer {
  const sent: Record<string, string[]> = {};
  return {
    sent,
    send(topic, messages) {
      return new Promise((resolve) => {
        const refused = new Set(onSend(topic, messages));
        const keys = messages.filter((message) => !refused.has(message)).map(({ key }) => String(key));
        sent[topic] = [...(sent[topic] ?? []), ...keys];
        resolve([...refused]);
      });
    },
    close: () => Promise.resolve(),
  };
}

import type { Detector } from '../../../src/scoring/detector.ts';
import type {
  InboundMessage,
  KafkaClient,
  OutboundMessage,
  PartitionBatch,
  ProducerPort,
  RoutedRecords,
  ScoreRecords,
} from '../../../src/server/kafka/port.ts';

/** A detector as Kafka's room uses it, without a service between; `check` is called before it scores. */
export function toScorer(
  detector: Detector,
  model: ScoreRecords['model'] = { name: 'numbers', version: 'v1' },
  check: () => void = () => undefined,
): ScoreRecords {
  return {
    model,
    encode: (records) => detector.encode(records),
    encodeJson: detector.encodeJson,
    score: async (rows, _records, make) => {
      check();
      return make(await detector.score(rows));
    },
    explain: (records, topK) => detector.explain(records, { topK }),
  };
}

/** All records by one scorer, unless `parts` says otherwise. */
export async function* routeTo(
  scorer: ScoreRecords,
  records: readonly unknown[],
  parts: Partial<RoutedRecords> = {},
): AsyncGenerator<RoutedRecords> {
  const all = { parts: [{ scorer, places: [...records.keys()] }], refused: [], release: () => undefined };
  yield await Promise.resolve({ ...all, ...parts });
}

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
  readonly wentBackTo: bigint[];
}

/** A batch that notes what is done to it; values of successive offsets, from 0. */
export function createBatch(
  values: readonly (string | null)[],
  commit: PartitionBatch['commit'] = () => Promise.resolve('committed'),
): MemoryBatch {
  const committed: bigint[] = [];
  const redeliveries: number[] = [];
  const wentBackTo: bigint[] = [];
  return {
    topic: 'events',
    partition: 0,
    messages: values.map((value, offset) => toMessage(offset, value)),
    nextOffset: BigInt(values.length),
    committed,
    redeliveries,
    wentBackTo,
    async commit(nextOffset) {
      const outcome = await commit(nextOffset);
      if (outcome === 'committed') committed.push(nextOffset);
      return outcome;
    },
    isOurs: () => true,
    isWanted: () => true,
    advance: () => undefined,
    goBackTo: (offset) => void wentBackTo.push(offset),
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

/** A client whose group owns one partition, with one batch in it, which comes so many times; `done` resolves when it was handled. */
export function createMemoryClient(batch: PartitionBatch, times = 1) {
  const sent: Record<string, OutboundMessage[]> = {};
  let handled: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (handled = resolve));
  const client: KafkaClient = {
    findMissingTopics: () => Promise.resolve([]),
    openProducerSession: () =>
      Promise.resolve({
        send: (topic, messages) => {
          (sent[topic] ??= []).push(...messages);
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      }),
    openTransactionalSession: () => Promise.reject(new Error('not in memory')),
    openConsumer: (onEvent) => ({
      run: (handler) => {
        onEvent({ kind: 'joined', partitions: [batch.partition] });
        const deliver = async (): Promise<void> => {
          for (let time = 0; time < times; time++) await handler(batch);
        };
        void deliver().then(handled);
        return Promise.resolve();
      },
      stop: () => done,
    }),
    readOffsets: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return { client, sent, done };
}

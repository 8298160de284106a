import type { Logger } from 'pino';
import { loadCodecs } from '../compression.ts';
import type { KafkaClient, KafkaClientConfig } from '../port.ts';
import { registerCodecs } from './codecs.ts';
import { openConsumer } from './consumer.ts';
import { toKafkaError } from './faults.ts';
import { readOffsets } from './offsets.ts';
import { openProducerSession } from './producer.ts';
import { openTransactionalSession } from './transactions.ts';
import { openWire, type Wire } from './wire.ts';

const REQUEST_TIMEOUT_MS = 15_000;

/** The port over the wire protocol of @platformatic/kafka (docs/decisions/0021-two-kafka-clients.md). */
export async function createPlatformaticClient(config: KafkaClientConfig, log: Logger): Promise<KafkaClient> {
  registerCodecs(await loadCodecs());
  const fault = (thrown: unknown) => toKafkaError(thrown, config.brokers);
  let wire: Wire | undefined;
  /** A connection that fails is thrown away, and whoever asks, asks again. */
  async function ask<T>(question: (wire: Wire) => Promise<T>): Promise<T> {
    const opened = (wire ??= openWire(config, { requestTimeoutMs: REQUEST_TIMEOUT_MS }));
    try {
      return await question(opened);
    } catch (thrown) {
      if (wire === opened) wire = undefined;
      await opened.close().catch(() => undefined);
      const error = fault(thrown);
      log.debug({ code: error.code }, `Kafka: ${error.message}`);
      throw error;
    }
  }
  return {
    findMissingTopics: (topics) =>
      ask(async (opened) => {
        const { topics: found } = await opened.ask('Metadata', undefined, null, false, false);
        const present = new Set(found.map(({ name }) => name));
        return topics.filter((topic) => !present.has(topic));
      }),
    openProducerSession: () => openProducerSession(config, fault),
    openTransactionalSession: (lane) => openTransactionalSession(config, lane),
    openConsumer: (onEvent) => openConsumer(config, fault, onEvent),
    readOffsets: () => ask((opened) => readOffsets(opened, config)),
    close: async () => wire?.close(),
  };
}

import type { AristarchError } from '../../../base/errors.ts';
import type { KafkaClientConfig, OutboundMessage, ProducerSession } from '../port.ts';
import { COMPRESSION_TYPES } from './codecs.ts';
import { partitionOf } from '../partitioner.ts';
import type { Kafka, Message, PartitionerArgs } from './engine.ts';
import { SOME_RETRIES } from './retries.ts';

type ToError = (thrown: unknown) => AristarchError;

export async function openProducerSession(
  kafka: Kafka,
  { compression }: KafkaClientConfig,
  fault: ToError,
): Promise<ProducerSession> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner,
    retry: SOME_RETRIES,
  });
  const guard = guardBy(fault);
  await guard(() => producer.connect());
  return {
    send: (topic, messages) =>
      guard(async () => {
        await producer.send(toRecords(topic, messages, compression));
      }),
    close: () => producer.disconnect(),
  };
}

function guardBy(fault: ToError) {
  return async function guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw fault(thrown);
    }
  };
}

function toRecords(topic: string, messages: readonly OutboundMessage[], compression: KafkaClientConfig['compression']) {
  return { topic, acks: -1, compression: COMPRESSION_TYPES[compression], messages: messages.map(toMessage) };
}

function toMessage({ key, value, headers, keylessPartition }: OutboundMessage): Message {
  return { key, value, headers, ...(key === null ? { partition: keylessPartition } : {}) };
}

/**
 * A message must go to the same partition each time it is tried: the client asks again on every retry, and its own choice
 * for messages without a key is round robin, which would number different messages alike.
 */
function createPartitioner(): (args: PartitionerArgs) => number {
  return ({ message, partitionMetadata }) => {
    const { key, partition: keylessPartition = 0 } = message;
    return partitionOf({ key: key as Buffer | null, keylessPartition }, partitionMetadata.length);
  };
}

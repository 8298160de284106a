import type { Logger } from 'pino';
import { toAristarchError } from '../base/errors.ts';
import { type ConnectionConfig, toConnection } from '../server/kafka-config.ts';
import { openKafkaClient } from '../server/kafka/open-client.ts';

/** Whether a broker answers a question of Kafka's protocol, by the TLS and the user that are configured. */
export interface BrokerAnswer {
  readonly broker: string;
  readonly answers: boolean;
  readonly ms: number;
  /** Why not. */
  readonly reason?: string;
}

// Not settings: nothing is read, and no group joined.
const CLIENT = { groupId: 'aristarch-doctor', topicIn: '', startAt: 'latest', concurrency: 1 } as const;
const REST = { sessionTimeoutMs: 30_000, compression: 'none' } as const;

export async function askBrokers(config: ConnectionConfig, log: Logger): Promise<BrokerAnswer[]> {
  const answers: BrokerAnswer[] = [];
  for (const broker of config.kafkaBrokers) {
    const start = performance.now();
    try {
      await askBroker(config, broker, log);
      answers.push({ broker, answers: true, ms: performance.now() - start });
    } catch (thrown) {
      const { message: reason } = toAristarchError(thrown);
      answers.push({ broker, answers: false, ms: performance.now() - start, reason });
    }
  }
  return answers;
}

/** Throws why there is no answer: a PEM file that cannot be read, too. */
async function askBroker(config: ConnectionConfig, broker: string, log: Logger): Promise<void> {
  const client = await openKafkaClient({ ...toConnection(config), ...CLIENT, ...REST, brokers: [broker] }, log);
  try {
    await client.findMissingTopics([]);
  } finally {
    await client.close();
  }
}

import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openKafkaClient } from '../../src/server/kafka/open-client.ts';
import type { KafkaClient, KafkaClientName } from '../../src/server/kafka/port.ts';
import { startNumberScoring, type Topics } from './kafka-scoring.ts';

/** What the process is told, as JSON in its only argument. */
export interface ProcessOrders {
  readonly client: KafkaClientName;
  readonly broker: string;
  readonly topics: Topics;
  readonly maxBatchEvents: number;
  /** How long each scoring takes. */
  readonly scoreMs: number;
  /** Commits that are made; the next one hangs for ever, before it reaches the broker. */
  readonly commits: number;
  readonly exactlyOnce?: boolean;
  /** Waits for a line on standard input before it starts. */
  readonly held?: boolean;
  readonly sessionTimeoutMs?: number;
}

/**
 * Scoring in a process of its own, to be killed or frozen by a test. It logs JSON lines to standard output: "scoring ..."
 * when a batch reaches the scorer, "commit hangs" when the last permitted commit was made.
 */
const orders = JSON.parse(process.argv[2] ?? '{}') as ProcessOrders;
const log = pino({ level: 'info' });
if (orders.held === true) await once(process.stdin, 'data');
startNumberScoring([orders.broker], orders.topics, {
  log,
  // As the service does: somebody else starts it anew.
  onFatal: () => process.exit(1),
  config: {
    client: orders.client,
    maxBatchEvents: orders.maxBatchEvents,
    sessionTimeoutMs: orders.sessionTimeoutMs ?? 2_000,
    exactlyOnce: orders.exactlyOnce ?? false,
  },
  before: async (rows) => {
    log.info(`scoring ${rows.length} rows`);
    await sleep(orders.scoreMs);
  },
  openClient: async (config, clientLog) => hangCommits(await openKafkaClient(config, clientLog)),
});

/** Whether offsets are committed by the consumer or in a transaction: the last permitted commit is the last. */
function hangCommits(client: KafkaClient): KafkaClient {
  let left = orders.commits;
  function pass<T>(commit: () => Promise<T>): Promise<T> {
    if (left-- > 0) return commit();
    log.info('commit hangs');
    return new Promise(() => undefined);
  }
  return {
    ...client,
    async openTransactionalSession(lane) {
      const session = await client.openTransactionalSession(lane);
      return { ...session, commit: (done) => pass(() => session.commit(done)) };
    },
    openConsumer(onEvent) {
      const consumer = client.openConsumer(onEvent);
      return {
        ...consumer,
        run: (handler) =>
          consumer.run((batch) => handler({ ...batch, commit: (nextOffset) => pass(() => batch.commit(nextOffset)) })),
      };
    },
  };
}

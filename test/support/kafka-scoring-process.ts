import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { KafkaClientName } from '../../src/server/kafka/port.ts';
import { startNumberScoring, type Topics } from './kafka-scoring.ts';

/** What the process is told, as JSON in its only argument. */
export interface ProcessOrders {
  readonly client: KafkaClientName;
  readonly broker: string;
  readonly topics: Topics;
  readonly maxBatchEvents: number;
  /** How long each scoring takes. */
  readonly scoreMs: number;
  readonly exactlyOnce?: boolean;
  readonly sessionTimeoutMs?: number;
}

/**
 * Scoring in a process of its own, to be killed or frozen by a test. It logs JSON lines to standard output: "scoring ..."
 * when a batch reaches the scorer.
 */
const orders = JSON.parse(process.argv[2] ?? '{}') as ProcessOrders;
const log = pino({ level: 'info' });
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
});

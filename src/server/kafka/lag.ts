import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';
import type { KafkaClient, KafkaConfig, PartitionOffsets } from './port.ts';

export interface LagWatchParts {
  readonly client: KafkaClient;
  readonly config: Pick<KafkaConfig, 'topicIn' | 'startAt' | 'lagIntervalMs'>;
  readonly metrics: Metrics['kafka'];
  readonly log: Logger;
  /** Partitions that are ours now; each member reports its own, so that the sum over members is the group's lag. */
  readonly assigned: () => readonly number[];
}

/**
 * Reads the lag until `signal` aborts. It asks the brokers instead of counting along: a consumer that hangs would count
 * no lag at all, and that is when the number matters.
 */
export async function watchLag(parts: LagWatchParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      publish(parts, await parts.client.readOffsets());
    } catch (thrown) {
      parts.log.debug({ error: thrown }, 'the consumer lag could not be read; it keeps its last value');
    }
    await sleep(parts.config.lagIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function publish({ config, metrics, assigned }: LagWatchParts, partitions: readonly PartitionOffsets[]): void {
  const ours = new Set(assigned());
  metrics.consumerLag.reset();
  for (const offsets of partitions) {
    if (!ours.has(offsets.partition)) continue;
    metrics.consumerLag.set({ topic: config.topicIn, partition: offsets.partition }, lagOf(offsets, config.startAt));
  }
}

/** Messages after the committed offset; what is older than the oldest one kept is gone and cannot be lagged behind. */
export function lagOf({ low, high, committed }: PartitionOffsets, startAt: KafkaConfig['startAt']): number {
  const start = committed ?? (startAt === 'earliest' ? low : high);
  const from = start > low ? start : low;
  return high > from ? Number(high - from) : 0;
}

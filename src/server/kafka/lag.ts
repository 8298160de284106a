import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';
import type { HiddenRange, KafkaClient, KafkaConfig, PartitionOffsets } from './port.ts';

export interface LagWatchParts {
  readonly client: KafkaClient;
  readonly config: Pick<KafkaConfig, 'topicIn' | 'startAt' | 'lagIntervalMs'>;
  readonly metrics: Metrics['kafka'];
  readonly log: Logger;
  /** Partitions that are ours now; each member reports its own, so that the sum over members is the group's lag. */
  readonly assigned: () => readonly number[];
  readonly hidden: HiddenRanges;
}

export interface HiddenRanges {
  note(range: HiddenRange): void;
  /** The offset itself, or behind the last hidden range where it lies in that one. */
  behind(partition: number, offset: bigint): bigint;
}

/**
 * The last hidden range of each partition. Nothing in it waits for anybody, and nothing commits an offset for its sake: behind a
 * transaction that was taken back, the group's offset stays where it is until the next event.
 */
export function createHiddenRanges(): HiddenRanges {
  const last = new Map<number, HiddenRange>();
  return {
    note(range) {
      const before = last.get(range.partition);
      last.set(range.partition, before?.to === range.from ? { ...range, from: before.from } : range);
    },
    behind(partition, offset) {
      const range = last.get(partition);
      return range !== undefined && range.from <= offset && offset < range.to ? range.to : offset;
    },
  };
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

function publish({ config, metrics, assigned, hidden }: LagWatchParts, partitions: readonly PartitionOffsets[]): void {
  const ours = new Set(assigned());
  metrics.consumerLag.reset();
  for (const offsets of partitions) {
    if (!ours.has(offsets.partition)) continue;
    const { partition } = offsets;
    const lag = lagOf(offsets, config.startAt, (offset) => hidden.behind(partition, offset));
    metrics.consumerLag.set({ topic: config.topicIn, partition }, lag);
  }
}

/**
 * Messages after the committed offset; what is older than the oldest one kept is gone and cannot be lagged behind. `pass` goes over
 * what readers do not see.
 */
export function lagOf(
  { low, high, committed }: PartitionOffsets,
  startAt: KafkaConfig['startAt'],
  pass: (offset: bigint) => bigint = (offset) => offset,
): number {
  const start = committed ?? (startAt === 'earliest' ? low : high);
  const from = pass(start > low ? start : low);
  return high > from ? Number(high - from) : 0;
}

import type { Instruments } from './instruments.ts';
import type { Stages } from './stages.ts';

/** Scoring from a topic into another; series appear where Kafka is configured. */
export function kafkaMetrics({ counter, gauge }: Instruments, stages: Stages) {
  const topic = ['topic'] as const;
  const count = (name: string, help: string) => counter(`kafka_${name}_total`, help, topic);
  return {
    stages,
    recordsConsumed: count(
      'records_consumed',
      'Records of the input topic that were taken in hand, bad ones included; again where they are tried again.',
    ),
    resultsProduced: count('results_produced', 'Results that the brokers acknowledged.'),
    deadLetters: counter(
      'kafka_dead_letters_total',
      'Records that could not be scored, by error code; each is in the dead-letter topic.',
      ['reason'] as const,
    ),
    commits: counter(
      'kafka_commits_total',
      "Offset commits, each after its results were acknowledged; of the partitions that are this member's.",
      ['topic', 'partition'] as const,
    ),
    consumerLag: gauge(
      'kafka_consumer_lag_records',
      'Records in the partition after the last one that was committed.',
      { labelNames: ['topic', 'partition'], together: 'sum' },
    ),
    retries: counter('kafka_retries_total', 'Operations tried again after a transient fault, by operation.', [
      'operation',
    ] as const),
    consumerUp: gauge(
      'kafka_consumer_up',
      '1 while the consumer of the topic is a member of its group and is fetching, else 0.',
      { labelNames: topic, together: 'max' },
    ),
  };
}

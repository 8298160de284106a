import { dashboard, series, stat } from './panels.ts';
import { max, of, orNought, rate, sum, sumOrZero } from './promql.ts';

const lag = sum(of('kafka_consumer_lag_records'));
/** What leaves the queue for good, as in AristarchKafkaBehind: events that are read again after a fault do not. */
const done = `(${sumOrZero(rate('kafka_results_produced_total'))} + ${sumOrZero(rate('kafka_dead_letters_total'))})`;

export const kafka = dashboard({
  name: 'kafka',
  title: 'Kafka',
  description: 'Do results keep up with events, and which events have none?',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Consumers in their group',
          description: 'Processes that are members of their group and fetch.',
          redBelow: 1,
          queries: [{ expr: sum(of('kafka_consumer_up')) }],
        }),
        stat({
          title: 'Lag',
          description: 'Events after the last committed one, of all partitions.',
          queries: [{ expr: lag }],
        }),
        stat({
          title: 'Behind',
          description:
            'Time until what waits has its results at the present rate; infinite where events wait and none come out.',
          unit: 's',
          red: 300,
          queries: [{ expr: `(${lag} / ${done}) and ${lag} > 0 or ${lag}` }],
        }),
        stat({
          title: 'Dead letters',
          description: 'Share of events that could not be scored.',
          unit: 'percentunit',
          red: 0.01,
          queries: [
            { expr: `${sumOrZero(rate('kafka_dead_letters_total'))} / ${sum(rate('kafka_records_consumed_total'))}` },
          ],
        }),
      ],
    },
    {
      title: 'Flow',
      panels: [
        series({
          title: 'Events in, results out',
          description: 'Per second. Events that are read again after a fault count again.',
          unit: 'eps',
          queries: [
            { expr: sum(rate('kafka_records_consumed_total')), legend: 'events read' },
            { expr: sum(rate('kafka_results_produced_total')), legend: 'results acknowledged' },
          ],
        }),
        series({
          title: 'Lag by partition',
          description:
            'Events after the last committed one. One partition that grows alone: its events are the heavy ones, or bad.',
          queries: [
            { expr: max(of('kafka_consumer_lag_records'), 'topic', 'partition'), legend: '{{topic}}/{{partition}}' },
          ],
        }),
        series({
          title: 'Dead letters, by reason',
          description: 'Error codes (docs/errors.md); each event is in the dead-letter topic with its reason.',
          unit: 'eps',
          queries: [{ expr: sum(rate('kafka_dead_letters_total'), 'reason'), legend: '{{reason}}' }],
        }),
        series({
          title: 'Commits',
          description: 'Offsets are committed after their results are acknowledged.',
          unit: 'cps',
          queries: [{ expr: sum(rate('kafka_commits_total'), 'topic'), legend: '{{topic}}' }],
        }),
        series({
          title: 'Retries',
          description: 'Operations tried again after a transient fault, by operation; 0 while the brokers are well.',
          unit: 'cps',
          queries: [{ expr: orNought(sum(rate('kafka_retries_total'), 'operation')), legend: '{{operation}}' }],
        }),
        series({
          title: 'Time of one batch of events, by stage',
          description: 'Mean over all transports: decode, rows and encode are of a batch, infer of an inference.',
          unit: 's',
          queries: [
            {
              expr: `${sum(rate('stage_duration_seconds_sum'), 'stage')} / ${sum(rate('stage_duration_seconds_count'), 'stage')}`,
              legend: '{{stage}}',
            },
          ],
        }),
      ],
    },
  ],
});

import { dashboard, series, stat, table } from './panels.ts';
import { JOBS, max, of, quantile, rate, sum, sumOrZero } from './promql.ts';

/** Outcomes that are the service's own fault; the others say that the request was wrong, or came too late. */
export const FAULTS = 'code=~"INTERNAL|UNAVAILABLE|ARTEFACT_INVALID|DEVICE_UNAVAILABLE|DATA_UNREADABLE"';

const MODEL_IS_STALE_SECONDS = 90 * 86_400;
const FIRING = [...JOBS, 'alertname=~"Aristarch.+"', 'alertstate="firing"'];
const transports = '{{transport}}';

export const overview = dashboard({
  name: 'overview',
  title: 'Overview',
  description: 'Is the service well: does it answer, in time, without faults, and where does the time go?',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Alerts',
          description: 'Alerts of the chosen jobs that fire; each has a page in docs/runbooks.',
          red: 1,
          queries: [{ expr: `count(ALERTS{${FIRING.join(',')}}) or vector(0)` }],
        }),
        stat({
          title: 'Processes',
          description: 'Processes that Prometheus reaches.',
          redBelow: 1,
          queries: [{ expr: `count(${of('build_info')}) or vector(0)` }],
        }),
        stat({
          title: 'Rows a second',
          description: 'Rows scored, by all transports.',
          unit: 'rowsps',
          queries: [{ expr: sum(rate('rows_scored_total')) }],
        }),
        stat({
          title: 'Failed requests',
          description: 'Share of requests that failed through a fault of the service.',
          unit: 'percentunit',
          red: 0.02,
          queries: [{ expr: `${sumOrZero(rate('requests_total', FAULTS))} / ${sum(rate('requests_total'))}` }],
        }),
        stat({
          title: 'Turned away for load',
          description:
            'Share of requests refused at once because they could not be scored in time, or because too many rows wait.',
          unit: 'percentunit',
          red: 0.05,
          queries: [
            {
              expr: `${sumOrZero(rate('rejections_total', 'reason=~"deadline|queue_full"'))} / ${sum(rate('requests_total'))}`,
            },
          ],
        }),
        stat({
          title: 'Drift alarms',
          description: 'Processes whose scores have changed since they began to watch.',
          red: 1,
          queries: [{ expr: sum(of('drift_alarm')) }],
        }),
      ],
    },
    {
      title: 'Requests',
      panels: [
        series({
          title: 'Requests by outcome',
          description: 'OK, or the error code (docs/errors.md).',
          unit: 'reqps',
          queries: [{ expr: sum(rate('requests_total'), 'code'), legend: '{{code}}' }],
        }),
        series({
          title: 'Time to score a request',
          description: 'From the decoded request to its scores. Points are single requests; one with a trace opens it.',
          unit: 's',
          exemplars: true,
          queries: [
            { expr: quantile(0.5, 'score_duration_seconds', 'transport'), legend: `${transports}, median` },
            { expr: quantile(0.99, 'score_duration_seconds', 'transport'), legend: `${transports}, 99 %` },
          ],
        }),
        series({
          title: 'Time by stage',
          description:
            'Seconds per second, by stage: where the time goes. 1 is a whole core, but for queue, which is waiting of all callers.',
          queries: [{ expr: sum(rate('stage_duration_seconds_sum'), 'stage'), legend: '{{stage}}' }],
        }),
        series({
          title: 'Slowest by stage',
          description:
            'The 99 % quantile of each stage. A long queue with a short inference: more is asked for than can be scored.',
          unit: 's',
          queries: [{ expr: quantile(0.99, 'stage_duration_seconds', 'stage'), legend: '{{stage}}' }],
        }),
        series({
          title: 'Rows by transport',
          description: 'Rows scored.',
          unit: 'rowsps',
          queries: [{ expr: sum(rate('rows_scored_total'), 'transport'), legend: transports }],
        }),
        series({
          title: 'Turned away, by reason',
          description:
            'Requests refused before their rows were looked at: for load, for their rate, or for who sent them.',
          unit: 'reqps',
          queries: [{ expr: sum(rate('rejections_total'), 'reason'), legend: '{{reason}}' }],
        }),
      ],
    },
    {
      title: 'Models',
      panels: [
        table({
          title: 'Open models',
          description: 'Which models are open, and in how many processes.',
          // Of a process with workers, one series for each place in which they compute it.
          queries: [
            {
              expr: `count by (name, version, family) (max by (namespace, job, instance, name, version, family) (${of('model_info')}))`,
            },
          ],
        }),
        stat({
          title: 'Oldest model',
          description:
            'Time since the newest open version of a model was trained, of the model for which it is longest.',
          unit: 's',
          red: MODEL_IS_STALE_SECONDS,
          queries: [{ expr: `max(time() - ${max(of('model_trained_timestamp_seconds'), 'name')})` }],
        }),
        stat({
          title: 'Versions refused',
          description: 'Versions on the disk that cannot be served; the one before goes on.',
          red: 1,
          queries: [{ expr: max(of('model_versions_refused')) }],
        }),
        stat({
          title: 'Pins refused',
          description: 'Models whose serving.json cannot be used; what it said before holds (docs/models.md).',
          red: 1,
          queries: [{ expr: max(of('model_serving_files_refused')) }],
        }),
      ],
    },
  ],
});

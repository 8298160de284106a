import { dashboard, heatmap, series, stat } from './panels.ts';
import { max, of, rate, sum } from './promql.ts';

const WINDOW = '[15m]';
const inWindow = (name: string): string => sum(`increase(${of(name)}${WINDOW})`);
const share = `${inWindow('rows_flagged_total')} / ${inWindow('rows_scored_total')}`;
const target = max(of('model_false_positive_rate'));
/** Three standard deviations of a binomial share: normal rows alone leave it once in some hundred looks. */
const width = `3 * sqrt(${target} * (1 - ${target}) / ${inWindow('rows_scored_total')})`;

export const scoring = dashboard({
  name: 'scoring',
  title: 'Scores and drift',
  description: 'Is what is scored still like what the model was trained on, and does it flag as much as it should?',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Flagged rows',
          description: 'Share of rows that were flagged in the last 15 minutes.',
          unit: 'percentunit',
          queries: [{ expr: share }],
        }),
        stat({
          title: 'Target',
          description: 'Share of normal rows that requests flag which state no rate of their own.',
          unit: 'percentunit',
          queries: [{ expr: target }],
        }),
        stat({
          title: 'Fields that have shifted',
          description: 'Fields with a stability index above 0.25.',
          red: 1,
          queries: [{ expr: max(of('drift_fields_shifted')) }],
        }),
        stat({
          title: 'Alarm',
          description: '1 once the evidence has reached its threshold, until the process starts anew.',
          red: 1,
          queries: [{ expr: max(of('drift_alarm')) }],
        }),
        stat({
          title: 'Largest shift',
          description: 'Largest stability index of all fields: above 0.1 look, above 0.25 large.',
          red: 0.25,
          queries: [{ expr: max(of('drift_stability_index_largest')) }],
        }),
        stat({
          title: 'Calibration rows',
          description:
            'Held-out normal rows that p-values are counted among; the smallest p-value is one over their number plus one.',
          queries: [{ expr: `min(${of('model_calibration_rows')})` }],
        }),
      ],
    },
    {
      title: 'Alarms against their target',
      panels: [
        series({
          title: 'Flagged rows against their target',
          description:
            'The share of rows that were flagged in the last 15 minutes, the rate that requests without one of their own have, and ' +
            'the band in which normal rows alone would stay. Above it: anomalies, or drift. Of requests with rates of their own it says nothing.',
          unit: 'percentunit',
          queries: [
            { expr: share, legend: 'flagged' },
            { expr: target, legend: 'target' },
            { expr: `${target} + ${width}`, legend: 'band, upper edge' },
            { expr: `clamp_min(${target} - ${width}, 0)`, legend: 'band, lower edge' },
          ],
        }),
        series({
          title: 'P-values',
          description:
            'Share of rows with a p-value of at most 0.1 %, 1 %, 5 %, 25 % and 50 %. On normal traffic each line lies at its own share.',
          unit: 'percentunit',
          queries: [
            {
              expr:
                `${sum(rate('p_value_bucket', 'le=~"0.001|0.01|0.05|0.25|0.5"'), 'le')} / ignoring(le) group_left ` +
                sum(rate('p_value_count')),
              legend: 'p at most {{le}}',
            },
          ],
        }),
        heatmap({
          title: 'Scores',
          description: 'Scores of the default model; higher is more anomalous.',
          queries: [{ expr: sum(rate('score_bucket'), 'le'), legend: '{{le}}' }],
        }),
        series({
          title: 'Mean score',
          description: 'A step here is a change of all rows, not a few anomalies.',
          queries: [{ expr: `${sum(rate('score_sum'))} / ${sum(rate('score_count'))}`, legend: 'mean score' }],
        }),
      ],
    },
    {
      title: 'Drift',
      panels: [
        series({
          title: 'Evidence that the scores have changed',
          description:
            'log10 of the test martingale, and the value that raises the alarm. It falls while nothing has changed.',
          queries: [
            { expr: of('drift_martingale_log10'), legend: '{{instance}}' },
            { expr: of('drift_martingale_largest_log10'), legend: '{{instance}}, largest so far' },
            { expr: max(of('drift_alarm_threshold_log10')), legend: 'alarm' },
          ],
        }),
        series({
          title: 'Shift, by field',
          description:
            'Population stability index against the training rows, of the ten fields that have shifted most: above 0.1 look, above 0.25 large.',
          queries: [{ expr: `topk(10, ${max(of('drift_field_stability_index'), 'field')})`, legend: '{{field}}' }],
        }),
        series({
          title: 'Missing values, by field',
          description: 'Share of missing values among the latest rows, of the ten fields with most.',
          unit: 'percentunit',
          queries: [{ expr: `topk(10, ${max(of('drift_field_missing_ratio'), 'field')})`, legend: '{{field}}' }],
        }),
        series({
          title: 'Levels never seen in training, by field',
          description: 'Share of unseen levels among the latest rows, of the ten fields with most.',
          unit: 'percentunit',
          queries: [{ expr: `topk(10, ${max(of('drift_field_unseen_ratio'), 'field')})`, legend: '{{field}}' }],
        }),
      ],
    },
  ],
});

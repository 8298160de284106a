import { dashboard, heatmap, series, stat } from './panels.ts';
import { orNought, rate, sum, sumOrZero } from './promql.ts';

const compared = (...matchers: readonly string[]): string => sum(rate('candidate_rows_compared_total', ...matchers));
const comparedOrZero = (...matchers: readonly string[]): string =>
  sumOrZero(rate('candidate_rows_compared_total', ...matchers));
const shed = sumOrZero(rate('candidate_rows_shed_total'));

/** Share of the rows scored by both with a p-value of at most so much, by model. */
const shareBelow = (histogram: string, le: string): string =>
  `${sum(rate(`${histogram}_bucket`, `le="${le}"`), 'model')} / ${sum(rate(`${histogram}_count`), 'model')}`;

export const trials = dashboard({
  name: 'trials',
  title: 'Versions on trial',
  description:
    'Does a candidate flag as much as the version that serves, and the same rows, and does it hold? Empty where no version is on trial (docs/models.md).',
  rows: [
    {
      title: 'Now',
      panels: [
        stat({
          title: 'Rows scored by both',
          description: 'Per second: what the comparison rests on.',
          unit: 'rowsps',
          queries: [{ expr: compared() }],
        }),
        stat({
          title: 'Same verdict',
          description: 'Share of the rows scored by both that both flag, or neither does.',
          unit: 'percentunit',
          queries: [
            {
              expr:
                `(${comparedOrZero('serving="flagged"', 'candidate="flagged"')} + ` +
                `${comparedOrZero('serving="normal"', 'candidate="normal"')}) / ${compared()}`,
            },
          ],
        }),
        stat({
          title: 'Flagged by the candidate',
          description: 'Share of the rows scored by both.',
          unit: 'percentunit',
          queries: [{ expr: `${comparedOrZero('candidate="flagged"')} / ${compared()}` }],
        }),
        stat({
          title: 'Flagged by what serves',
          description: 'Share of the same rows.',
          unit: 'percentunit',
          queries: [{ expr: `${comparedOrZero('serving="flagged"')} / ${compared()}` }],
        }),
        stat({
          title: 'Failures of candidates',
          description: 'Per second. No caller is told: the version that serves answers.',
          unit: 'cps',
          red: 0.001,
          queries: [{ expr: sumOrZero(rate('candidate_failures_total')) }],
        }),
        stat({
          title: 'Left out for lack of time',
          description: 'Share of the rows on trial that were not scored by both (--candidate-time-share).',
          unit: 'percentunit',
          queries: [{ expr: `${shed} / (${shed} + ${compared()})` }],
        }),
      ],
    },
    {
      title: 'Beside the version that serves',
      panels: [
        series({
          title: 'Verdicts of both',
          description:
            'Rows scored by both, by the verdict of each. Where they differ, --candidate-log says which rows those are.',
          unit: 'rowsps',
          queries: [
            {
              expr: sum(rate('candidate_rows_compared_total'), 'model', 'serving', 'candidate'),
              legend: '{{model}}: {{serving}} by what serves, {{candidate}} by the candidate',
            },
          ],
        }),
        series({
          title: 'P-values of both',
          description:
            'Share of the same rows with a p-value of at most 1 % and 5 %. On normal rows each lies at its own share: what lies above it is flagged too often.',
          unit: 'percentunit',
          queries: ['0.01', '0.05'].flatMap((le) => [
            { expr: shareBelow('candidate_p_value', le), legend: `{{model}}: candidate, p at most ${le}` },
            { expr: shareBelow('candidate_serving_p_value', le), legend: `{{model}}: what serves, p at most ${le}` },
          ]),
        }),
        heatmap({
          title: 'Scores of candidates',
          description: 'Of the rows scored by both; each version has a scale of its own.',
          queries: [{ expr: sum(rate('candidate_score_bucket'), 'le'), legend: '{{le}}' }],
        }),
        heatmap({
          title: 'Scores of what serves',
          description: 'Of the same rows.',
          queries: [{ expr: sum(rate('candidate_serving_score_bucket'), 'le'), legend: '{{le}}' }],
        }),
      ],
    },
    {
      title: 'What it costs',
      panels: [
        series({
          title: 'Rows answered by candidates',
          description: 'What the share `canary` sends to them.',
          unit: 'rowsps',
          queries: [{ expr: orNought(sum(rate('candidate_rows_answered_total'), 'model')), legend: '{{model}}' }],
        }),
        series({
          title: 'Failures, by code',
          description: "Pieces of a candidate's work that failed (docs/errors.md); above 0: do not promote it.",
          unit: 'cps',
          queries: [
            { expr: orNought(sum(rate('candidate_failures_total'), 'model', 'code')), legend: '{{model}}: {{code}}' },
          ],
        }),
        series({
          title: 'Rows left out',
          description: 'Rows that were not scored by both for lack of time, and rows that --candidate-log has not.',
          unit: 'rowsps',
          queries: [
            { expr: shed, legend: 'not scored by both' },
            { expr: sumOrZero(rate('candidate_log_rows_dropped_total')), legend: 'not in the log' },
          ],
        }),
        series({
          title: 'Time of an inference on trial',
          description:
            'Median and 99 % quantile of the stage `trial`, beside the same of `infer`, which callers wait for.',
          unit: 's',
          queries: [0.5, 0.99].map((q) => ({
            expr: `histogram_quantile(${q}, ${sum(rate('stage_duration_seconds_bucket', 'stage=~"trial|infer"'), 'le', 'stage')})`,
            legend: `{{stage}}, ${q === 0.5 ? 'median' : '99 %'}`,
          })),
        }),
      ],
    },
  ],
});

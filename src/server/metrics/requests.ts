import type { Instruments } from './instruments.ts';

/** From 50 microseconds (one row through a small critic) to 10 s (the longest deadline anyone sets), about 2.2x apart. */
const SCORE_SECONDS = [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10];
/** One row (an event), small batches, and the dense batches of offline callers; 4x apart. */
const REQUEST_ROWS = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536];
/** Fine below the rates people alarm at (0.1 % to 5 %), coarse above: on normal traffic bucket `le` holds a share of `le`. */
export const P_VALUES = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1];
/** Scores of detecting critics are log-odds: fine where normal rows and the usual thresholds lie, coarse where only anomalies do. */
const SCORES = [-10, -5, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 50, 100];

const TRANSPORT = ['transport'] as const;

/** What was asked for, and what came of it. */
export function requestMetrics({ busyCounter, busyGauge, histogram }: Instruments) {
  const outcomes = 'Scoring requests ended, by transport and by outcome (OK or the error code).';
  const seconds =
    'Time from the decoded request to its scores (and explanations, where asked for), model included, network excluded.';
  const flagged = 'Rows whose p-value was at most the false-positive rate of their request.';
  const pValues = 'P-values of scored rows; uniform on [0, 1] while traffic is as normal as the training rows were.';
  const scores = 'Scores of rows that the default model scored; higher is more anomalous.';
  return {
    requests: busyCounter('requests_total', outcomes, ['transport', 'code']),
    requestsInFlight: busyGauge('requests_in_flight', 'Scoring requests that are being worked on.', TRANSPORT),
    scoreSeconds: histogram('score_duration_seconds', seconds, SCORE_SECONDS, 'transport'),
    requestRows: histogram('request_rows', 'Rows in one scoring request.', REQUEST_ROWS, 'transport'),
    rowsScored: busyCounter('rows_scored_total', 'Rows scored.', TRANSPORT),
    rowsFlagged: busyCounter('rows_flagged_total', flagged, TRANSPORT),
    pValues: histogram('p_value', pValues, P_VALUES),
    scores: histogram('score', scores, SCORES),
  };
}

/** Made-up rows. */
export function sampleMetrics({ counter, gauge }: Instruments) {
  const inFlight = 'Requests for made-up rows that are being worked on, or wait for their caller to read.';
  return {
    samples: counter('sample_requests_total', 'Requests for made-up rows ended, by outcome (OK or the error code).', [
      'code',
    ] as const),
    samplesInFlight: gauge('samples_in_flight', inFlight, { together: 'sum' }),
    rowsSampled: counter('rows_sampled_total', 'Rows made up and handed over.'),
  };
}

import type { Instruments } from './instruments.ts';

/** What became of the spans of traces; series appear where traces are sent. */
export function tracingMetrics({ counter }: Instruments) {
  const help =
    'Spans of sampled traces, by what became of them: sent, or dropped as too many waited (queue_full) or the collector did not ' +
    'take them (failed).';
  return { spans: counter('trace_spans_total', help, ['outcome'] as const) };
}

export type TracingMetrics = ReturnType<typeof tracingMetrics>;

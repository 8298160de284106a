import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { TracingMetrics } from '../metrics/tracing.ts';
import {
  BatchSpanProcessor,
  ExportResultCode,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from './engine.ts';

/** Spans that wait or are on their way: some seconds of a busy service, a few megabytes. What is more is dropped. */
const MOST_WAITING = 8192;
const BATCH = { maxQueueSize: MOST_WAITING, maxExportBatchSize: 512, scheduledDelayMillis: 1000 };
const COMPLAIN_MS = 60_000;
/** Of what a collector says of itself, so much is repeated. */
const REASON_LENGTH = 200;

export interface ExportParts {
  readonly exporter: SpanExporter;
  readonly metrics: TracingMetrics;
  readonly log: Pick<Logger, 'warn'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly endpoint: string;
}

export interface SpanExport {
  readonly processor: SpanProcessor;
  /** From now on nothing is sent; what still waits is counted as dropped. */
  close(): void;
}

/** Sends spans in batches, beside the work, and accounts for each: it was sent, or dropped. A collector that is slow or gone costs spans alone. */
export function createSpanExport({ exporter, metrics, log, clock, endpoint }: ExportParts): SpanExport {
  let [waiting, closed] = [0, false];
  const complain = createComplaints(log, clock, endpoint);
  const settle = (count: number, why?: string): void => {
    // Counted already, when it was closed.
    if (closed) return;
    waiting -= count;
    metrics.spans.inc({ outcome: why === undefined ? 'sent' : 'failed' }, count);
    if (why !== undefined) complain(count, why);
  };
  const batches = new BatchSpanProcessor({ ...BATCH, exporter: accountFor(exporter, settle) });
  return {
    processor: {
      onStart: () => undefined,
      onEnd: (span) => {
        if (waiting < MOST_WAITING) {
          waiting++;
          batches.onEnd(span);
          return;
        }
        metrics.spans.inc({ outcome: 'queue_full' });
        complain(1, `${MOST_WAITING} spans wait already`);
      },
      forceFlush: () => batches.forceFlush(),
      shutdown: () => batches.shutdown(),
    },
    close: () => {
      if (waiting > 0) settle(waiting, 'the service has stopped');
      closed = true;
    },
  };
}

function accountFor(exporter: SpanExporter, settle: (count: number, why?: string) => void): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done) =>
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        settle(spans.length, failed ? (result.error?.message ?? 'it did not say why') : undefined);
        done(result);
      }),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}

/** Says what was dropped, once a minute at most. */
function createComplaints(log: Pick<Logger, 'warn'>, clock: Pick<Clock, 'monotonicMs'>, endpoint: string) {
  let [saidMs, unsaid] = [-Infinity, 0];
  return (count: number, why: string): void => {
    unsaid += count;
    const nowMs = clock.monotonicMs();
    if (nowMs - saidMs < COMPLAIN_MS) return;
    const reason = why.slice(0, REASON_LENGTH);
    log.warn(
      { endpoint, spans: unsaid, reason },
      `${unsaid} spans of traces were dropped: ${reason}; scoring goes on without them`,
    );
    [saidMs, unsaid] = [nowMs, 0];
  };
}

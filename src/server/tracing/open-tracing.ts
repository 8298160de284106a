import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { readVersion } from '../../base/version.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import type { TracingMetrics } from '../metrics/tracing.ts';
import {
  type Context,
  defaultResource,
  detectResources,
  envDetector,
  type Link,
  OTLPTraceExporter,
  resourceFromAttributes,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
  TracerProvider,
  W3CTraceContextPropagator,
} from './engine.ts';
import { createSpanExport } from './export.ts';
import type { Carrier, Tracing, WorkSpan } from './port.ts';
import { MAKE_SAMPLERS } from './samplers.ts';
import { batchSpan, callSpan, createOpenSpan, type SpanForm } from './spans.ts';

export interface OpenTracingParts {
  readonly config: Pick<ServeConfig, 'traceServiceName' | 'traceSampler' | 'traceSamplerArg' | 'drainTimeoutMs'> & {
    readonly traceEndpoint: string;
  };
  readonly metrics: TracingMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Longest time for one attempt to send spans, in milliseconds, and all that follow it where it may pass by itself. */
const EXPORT_MS = 5000;

/** As many as the largest batch of Kafka may have events (`--kafka-max-batch-events`). */
const MOST_LINKS = 1_000_000;

/** W3C Trace Context, read from metadata or headers of any kind. */
const GETTER: TextMapGetter<Carrier> = {
  get: (carrier, key) => {
    const values = carrier.get(key).map(String);
    return values.length === 0 ? undefined : values;
  },
  keys: () => [],
};

/**
 * Traces that are sent to a collector by OTLP over HTTP. The exporter reads for itself what the OpenTelemetry specification has on
 * headers, certificates and compression (`OTEL_EXPORTER_OTLP_HEADERS` ...): nothing here knows the secrets in them.
 */
export function openTracing({ config, metrics, clock, log }: OpenTracingParts): Tracing {
  const { traceEndpoint: endpoint, traceSampler, traceSamplerArg, drainTimeoutMs } = config;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: Math.max(1, Math.min(EXPORT_MS, drainTimeoutMs)),
  });
  const spans = createSpanExport({ exporter, metrics, log, clock, endpoint });
  const provider = new TracerProvider({
    resource: resourceOf(config.traceServiceName),
    sampler: MAKE_SAMPLERS[traceSampler](traceSamplerArg),
    spanProcessors: [spans.processor],
    // A link for each event of a batch; the specification's 128 would drop the first ones.
    spanLimits: { linkCountLimit: MOST_LINKS },
  });
  const tracer = provider.getTracer('aristarch', readVersion());
  const propagator = new W3CTraceContextPropagator();
  const contextOf = (carrier: Carrier): Context => propagator.extract(ROOT_CONTEXT, carrier, GETTER);
  const decodings = new WeakMap<object, readonly [number, number]>();
  const answering = new WeakMap<object, WorkSpan>();
  const start = (form: SpanForm, parent: Context, links: Link[], startedMs?: number): WorkSpan | undefined =>
    createOpenSpan({ tracer, propagator, clock, decodings, answering }, form, { parent, links, startedMs });
  return {
    startCall: (method, metadata, message) => {
      const startedMs = message === undefined ? undefined : decodings.get(message)?.[0];
      return start(callSpan(method), contextOf(metadata), [], startedMs);
    },
    startBatch: (batch) => start(batchSpan(batch), ROOT_CONTEXT, linksOf(batch.carriers.map(contextOf))),
    decoded: (message, startedMs, endedMs) => void decodings.set(message, [startedMs, endedMs]),
    spanOf: (reply) => answering.get(reply),
    stop: async (timeoutMs) => {
      // What cannot be sent is accounted for by the export itself.
      await Promise.race([provider.shutdown().catch(() => undefined), sleep(timeoutMs, undefined, { ref: false })]);
      spans.close();
    },
  };
}

/** A name that is given for the service goes before the attributes of the environment, and those before one of our own. */
function resourceOf(serviceName: string | undefined) {
  const own = { 'service.version': readVersion(), 'process.pid': process.pid };
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'aristarch' }))
    .merge(detectResources({ detectors: [envDetector] }))
    .merge(resourceFromAttributes(serviceName === undefined ? own : { ...own, 'service.name': serviceName }));
}

/** One for each place that events come from, in the order of the events; many events of a batch may share one. */
function linksOf(contexts: readonly Context[]): Link[] {
  const links = new Map<string, Link>();
  for (const context of contexts) {
    const found = trace.getSpanContext(context);
    if (found !== undefined) links.set(found.spanId, { context: found });
  }
  return [...links.values()];
}

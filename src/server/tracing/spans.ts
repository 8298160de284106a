import type { Clock } from '../clock.ts';
import {
  type Attributes,
  type Context,
  type Link,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapSetter,
  trace,
  type Tracer,
  type W3CTraceContextPropagator,
} from './engine.ts';
import type { TracedBatch, WorkSpan } from './port.ts';

/** What a span of one kind of work is called, and says at its start and at its end. */
export interface SpanForm {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** `status`: `OK`, or the name of the fault. */
  readonly endOf: (status: string) => { readonly attributes: Attributes; readonly isFault: boolean };
}

/**
 * Status codes that are a fault of the server; others are the caller's own.
 * https://opentelemetry.io/docs/specs/semconv/rpc/grpc/#grpc-status
 */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/ */
export function callSpan(method: string): SpanForm {
  return {
    name: method,
    kind: SpanKind.SERVER,
    attributes: { 'rpc.system.name': 'grpc', 'rpc.method': method },
    endOf: (status) => ({
      attributes: { 'rpc.status_code': status, ...(status !== 'OK' && { 'error.type': status }) },
      isFault: SERVER_FAULTS.has(status),
    }),
  };
}

/** https://opentelemetry.io/docs/specs/semconv/messaging/kafka/ */
export function batchSpan({ topic, partition, groupId, firstOffset, carriers }: TracedBatch): SpanForm {
  return {
    name: `process ${topic}`,
    kind: SpanKind.CONSUMER,
    attributes: {
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.consumer.group.name': groupId,
      'messaging.batch.message_count': carriers.length,
      'kafka.offset': Number(firstOffset),
    },
    endOf: (status) => ({
      attributes: status === 'OK' ? {} : { 'error.type': status },
      isFault: status !== 'OK',
    }),
  };
}

export interface SpanParts {
  readonly tracer: Tracer;
  readonly propagator: W3CTraceContextPropagator;
  readonly clock: Clock;
  /** When messages were taken from their bytes. */
  readonly decodings: WeakMap<object, readonly [number, number]>;
  readonly answering: WeakMap<object, WorkSpan>;
}

interface SpanPlace {
  readonly parent: Context;
  readonly links: Link[];
  /** Now where absent. */
  readonly startedMs: number | undefined;
}

const SETTER: TextMapSetter<Record<string, string>> = {
  set: (carrier, key, value) => void (carrier[key] = value),
};

/** Undefined where it is not sampled. */
export function createOpenSpan(
  parts: SpanParts,
  { name, kind, attributes, endOf }: SpanForm,
  { parent, links, startedMs }: SpanPlace,
): WorkSpan | undefined {
  const { tracer, propagator, clock, decodings, answering } = parts;
  // Stages are timed by the monotonic clock, and traces by the one on the wall.
  const offsetMs = clock.wallMs() - clock.monotonicMs();
  const startTime = offsetMs + (startedMs ?? clock.monotonicMs());
  const span: Span = tracer.startSpan(name, { kind, attributes, links, startTime }, parent);
  if (!span.isRecording()) return undefined;
  const context = trace.setSpan(parent, span);
  const stage: WorkSpan['stage'] = (own, startedMs, endedMs) =>
    tracer.startSpan(own, { startTime: startedMs + offsetMs }, context).end(endedMs + offsetMs);
  const work: WorkSpan = {
    traceId: span.spanContext().traceId,
    get headers() {
      const headers: Record<string, string> = {};
      propagator.inject(context, headers, SETTER);
      return headers;
    },
    stage,
    received: (message) => {
      const found = decodings.get(message);
      if (found !== undefined) stage('decode', ...found);
    },
    answers: (reply) => void answering.set(reply, work),
    describe: (facts) => void span.setAttributes(facts),
    end: (status = 'OK') => {
      if (!span.isRecording()) return;
      const { attributes: last, isFault } = endOf(status);
      span.setAttributes(last);
      if (isFault) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(clock.monotonicMs() + offsetMs);
    },
  };
  return work;
}

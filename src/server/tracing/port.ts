import type { Stage } from '../metrics/stages.ts';

/** Who decides what is traced, by the names of the OpenTelemetry specification. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Where the context of a trace is found: metadata of a call, or headers of an event. */
export interface Carrier {
  get(key: string): readonly (string | Buffer)[];
}

/** A batch of events of one partition. */
export interface TracedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly groupId: string;
  readonly firstOffset: bigint;
  /** Those of the events, one each. */
  readonly carriers: readonly Carrier[];
}

/** A piece of the work that is traced. */
export interface WorkSpan {
  /** Hexadecimal. */
  readonly traceId: string;
  /** W3C headers for what is made of the work: `traceparent`, and `tracestate` where the trace has one. */
  readonly headers: Readonly<Record<string, string>>;
  /** A part that is over; times of the monotonic clock, in milliseconds. May be called without the span before it. */
  readonly stage: (stage: Stage, startedMs: number, endedMs: number) => void;
  /** What took its bytes apart becomes a part of it, where that was noted (`Tracing.decoded`). */
  received(message: object): void;
  /** `Tracing.spanOf` finds it by this message from now on. */
  answers(reply: object): void;
  /** Nothing that a sender wrote may be in it. */
  describe(facts: Readonly<Record<string, string | number>>): void;
  /** `OK`, or the name of the fault. What comes after the first time does nothing. */
  end(status?: string): void;
}

/**
 * Traces of this process. There is none where nothing is traced: whoever might tell of its work asks `tracing?.`, and of
 * work that is not sampled there is no span.
 */
export interface Tracing {
  /**
   * Of a call, or of one message of a stream; `method` without a slash before it. Where the time is known at which the message was
   * taken from its bytes, it begins with that.
   */
  startCall(method: string, metadata: Carrier, message?: object): WorkSpan | undefined;
  /** Of the events that are scored together; it is linked to the traces that they come from. */
  startBatch(batch: TracedBatch): WorkSpan | undefined;
  /** Notes when a message was taken from its bytes, before anybody knows whose it is. */
  decoded(message: object, startedMs: number, endedMs: number): void;
  spanOf(reply: object): WorkSpan | undefined;
  /** Sends what is left, for so many milliseconds at most; what cannot be sent by then is counted as dropped. */
  stop(timeoutMs: number): Promise<void>;
}

import type { Carrier, Tracing, WorkSpan } from '../tracing/port.ts';

/** A call whose messages are traced one by one: a stream may last for days, and its messages are what is worked on. */
interface TracedCall {
  readonly metadata: Carrier;
  getPath(): string;
}

/** The spans of a stream's messages, each from its reading to the writing of its response. */
export class StreamSpans {
  readonly #tracing: Tracing;
  readonly #call: TracedCall;
  readonly #open = new Set<WorkSpan>();
  #messages = 0;

  constructor(tracing: Tracing, call: TracedCall) {
    this.#tracing = tracing;
    this.#call = call;
  }

  readonly start = (received: object): WorkSpan | undefined => {
    const number = ++this.#messages;
    const span = this.#tracing.startCall(methodOf(this.#call), this.#call.metadata, received);
    if (span === undefined) return undefined;
    span.describe({ 'aristarch.stream.message': number });
    this.#open.add(span);
    return span;
  };

  answered(response: object): void {
    const span = this.#tracing.spanOf(response);
    if (span === undefined) return;
    this.#open.delete(span);
    span.end();
  }

  /** The stream is over: what was read and not answered never will be. */
  end(): void {
    for (const span of this.#open) span.end('CANCELLED');
    this.#open.clear();
  }
}

/** As `rpc.method` names it. */
export function methodOf(call: Pick<TracedCall, 'getPath'>): string {
  return call.getPath().slice(1);
}

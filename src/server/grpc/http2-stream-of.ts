import type { ServerHttp2Stream } from 'node:http2';

interface Layer {
  readonly call?: Layer;
  readonly nextCall?: Layer;
  readonly stream?: ServerHttp2Stream;
}

/** A call of grpc-js, and what lies under it: the interceptors' calls, and the one on the HTTP/2 stream (1.14). */
export function* layersOf(call: unknown): Generator<Layer> {
  for (let layer = call as Layer | undefined; layer !== undefined; layer = layer.call ?? layer.nextCall) yield layer;
}

/** grpc-js has no public way to a call's HTTP/2 stream. */
export function http2StreamOf(call: unknown): ServerHttp2Stream | undefined {
  for (const { stream } of layersOf(call)) if (stream !== undefined) return stream;
  return undefined;
}

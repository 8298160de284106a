import type { ServerHttp2Stream } from 'node:http2';

interface Layer {
  readonly call?: Layer;
  readonly nextCall?: Layer;
  readonly stream?: ServerHttp2Stream;
}

/** grpc-js has no public way to a call's HTTP/2 stream: it lies under the call and the interceptors (1.14). */
export function http2StreamOf(call: unknown): ServerHttp2Stream | undefined {
  for (let layer = call as Layer | undefined; layer !== undefined; layer = layer.call ?? layer.nextCall) {
    if (layer.stream !== undefined) return layer.stream;
  }
  return undefined;
}

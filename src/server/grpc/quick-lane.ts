import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Server } from './engine.ts';
import { type CallKind, createCallKind } from './call-kind.ts';
import { type CallStream, isPlain, NodeCallStream } from './call-stream.ts';
import type { QuickMethod, QuickParts } from './quick-call.ts';
import { timeoutOf } from './timeout.ts';
import { createWindows } from './windows.ts';
import { openWireLane } from './wire/lane.ts';

/** What is used of the inside of grpc-js's server (1.14). */
interface ServerInside {
  readonly http2Servers: ReadonlyMap<Http2Server, unknown>;
  /** Counts the stream among those that keep its connection from being idle. */
  onStreamOpened(stream: BusyStream): void;
}

/** What it asks of a stream. */
interface BusyStream {
  readonly session?: Http2Session | undefined;
  once(event: 'close', ended: () => void): unknown;
}

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, ...rest: unknown[]) => void;

/** Services that are made when they are first asked for: a path begins with the prefix, and `add` adds them. */
export interface LateService {
  readonly prefix: string;
  readonly add: () => void;
}

/** None where grpc-js is not as it is known here. */
export function listenersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as Partial<ServerInside>;
  return typeof http2Servers?.keys === 'function' ? [...http2Servers.keys()] : [];
}

/**
 * Takes the calls of a few methods before grpc-js does, on the connections that it manages (TLS, age, idleness, keep-alive, shutdown);
 * all others go on to it. To be called when the server listens; the answer cuts off what is not over when grpc-js has shut down.
 * Undefined where grpc-js is not as it is known here: then it serves all methods, more slowly.
 */
export function openQuickLane(
  server: Server,
  methods: readonly QuickMethod[],
  late: LateService,
  given: QuickParts,
): (() => void) | undefined {
  const { http2Servers, onStreamOpened } = server as unknown as Partial<ServerInside>;
  if (typeof http2Servers?.keys !== 'function' || typeof onStreamOpened !== 'function') return undefined;
  const windows = createWindows();
  const onShed: QuickParts['onShed'] = (transport) => {
    windows.narrow();
    given.onShed(transport);
  };
  const parts: QuickParts = { ...given, onShed };
  const byPath = new Map(methods.map((method) => [method.path, method]));
  const kindOf = (headers: IncomingHttpHeaders): CallKind | undefined => {
    const method = byPath.get(headers[':path'] ?? '');
    return method !== undefined && isPlain(headers) ? createCallKind(headers, method, parts) : undefined;
  };
  const cutOffs: (() => void)[] = [];
  let isLate = true;
  for (const http2 of http2Servers.keys()) {
    const others = http2.listeners('stream') as OnStream[];
    http2.removeAllListeners('stream');
    const onStream: OnStream = (stream, headers, ...rest) => {
      // Given up in the same breath, before this was told of it: to answer it throws, and nobody would catch that.
      if (stream.destroyed || stream.closed) {
        stream.on('error', () => undefined);
        return;
      }
      const kind = kindOf(headers);
      if (kind !== undefined) {
        onStreamOpened.call(server, stream);
        openStream(new NodeCallStream(stream), kind, timeoutOf(headers));
        return;
      }
      if (isLate && headers[':path']?.startsWith(late.prefix)) {
        isLate = false;
        late.add();
      }
      for (const other of others) other.call(http2, stream, headers, ...rest);
    };
    http2.on('stream', onStream);
    windows.watch(http2);
    if (http2.listenerCount('secureConnection') > 0) continue;
    const cutOff = openWireLane(http2, {
      kindOf,
      maxCalls: parts.options.maxCallsPerConnection,
      onBusy: (session) => keepBusy(server, onStreamOpened, session),
    });
    cutOffs.push(cutOff);
  }
  return () => {
    windows.close();
    for (const cutOff of cutOffs) cutOff();
  };
}

function openStream(stream: CallStream, kind: CallKind, timeoutMs: number | undefined): void {
  const refusal = kind.refusalOf(timeoutMs);
  if (refusal === undefined) kind.open(stream, timeoutMs);
  else stream.refuse(refusal);
}

/** Tells grpc-js that a connection is not idle, until the answer is called. */
function keepBusy(
  server: Server,
  onStreamOpened: ServerInside['onStreamOpened'],
  session: ServerHttp2Session,
): () => void {
  let ended = (): void => undefined;
  const once = (_: 'close', listener: () => void): void => {
    ended = listener;
  };
  onStreamOpened.call(server, { session, once });
  return () => ended();
}

import type { Http2Server, OutgoingHttpHeaders, ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WireConnection, type WireParts } from './connection.ts';
import { toBlock } from './header-block.ts';

type OnConnection = (socket: Duplex) => void;

/** What is set of the socket that node:http2 makes around another (node:net's Socket): whom it is connected with. */
interface SocketInside {
  _peername: { readonly address: string | undefined; readonly port: number | undefined };
}

export interface WireLane extends Omit<WireParts, 'blockOf'> {
  /** A connection has calls; the answer is told when it has none. */
  readonly onBusy: (session: ServerHttp2Session) => () => void;
}

/**
 * Reads the connections of a server without TLS before node:http2 does (connection.ts). The answer cuts off what is still open: a
 * session of node:http2 that was closed before cannot be told to end at once any more, and waits for the calls that it does not know.
 */
export function openWireLane(http2: Http2Server, { onBusy, ...lane }: WireLane): () => void {
  const blocks = new WeakMap<OutgoingHttpHeaders, Buffer>();
  const blockOf = (trailers: OutgoingHttpHeaders): Buffer => {
    let block = blocks.get(trailers);
    if (block === undefined) blocks.set(trailers, (block = toBlock(trailers)));
    return block;
  };
  const parts = { ...lane, blockOf };
  const others = http2.listeners('connection') as OnConnection[];
  http2.removeAllListeners('connection');
  const open = new Set<WireConnection>();
  let opening: WireConnection | undefined;
  http2.prependListener('session', (session: ServerHttp2Session) => {
    if (opening === undefined) return;
    opening.onBusy = () => onBusy(session);
    (session.socket as unknown as SocketInside)._peername = opening.peer;
  });
  http2.on('connection', (socket: Socket) => {
    const connection = new WireConnection(socket, parts);
    open.add(connection);
    connection.once('close', () => open.delete(connection));
    opening = connection;
    for (const other of others) other.call(http2, opening);
    opening = undefined;
  });
  return () => {
    for (const connection of open) connection.destroy();
  };
}

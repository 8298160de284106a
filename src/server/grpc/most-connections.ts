import type { Server, Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics.ts';
import { createSeldom } from './seldom.ts';

/** More clients than a process can serve. */
const MOST_CONNECTIONS = 10_000;

/** Half of the files that the process may have open: a quarter is for HTTP, the others for models and brokers. */
export function mostConnections(openFiles: number): number {
  return Math.max(1, Math.min(MOST_CONNECTIONS, Math.floor(openFiles / 2)));
}

export interface ConnectionParts {
  readonly most: number;
  readonly monotonicMs: () => number;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'batching'>;
}

/**
 * Closes connections beyond the most that there may be, of all the servers together, before anything is read of them. By their events
 * and not by `maxConnections` of node:net, which hands them to another worker of the cluster, and back, where all have enough.
 */
export function boundConnections(
  servers: Iterable<Server>,
  { most, monotonicMs, log, metrics }: ConnectionParts,
): void {
  const tell = createSeldom(monotonicMs);
  let open = 0;
  const refuse = (socket: Socket): void => {
    socket.destroy();
    metrics.batching.onRejection('connections');
    const message =
      `connections over gRPC are refused: ${most} are open, the most that a process takes (10,000, or half of the files that it may have open); ` +
      'look for clients that open one for each call, see --max-connection-idle-ms, and raise the limit of open files or add processes';
    tell(() => log.warn({ most }, message));
  };
  for (const server of servers) {
    const others = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (open >= most) {
        refuse(socket);
        return;
      }
      open++;
      socket.once('close', () => open--);
      for (const other of others) other.call(server, socket);
    });
  }
}

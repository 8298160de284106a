import { createServer } from 'node:net';
import { toListenError, type ListenTarget } from '../server/listen-error.ts';

const HOST = '127.0.0.1';

/** Opens the ports for a moment: better to know now that one is taken than after a minute of training. */
export async function checkPorts({ grpcPort, httpPort }: { grpcPort: number; httpPort: number }): Promise<void> {
  await checkPort({ service: 'gRPC', host: HOST, port: grpcPort, flag: '--grpc-port' });
  await checkPort({ service: 'HTTP', host: HOST, port: httpPort, flag: '--http-port' });
}

function checkPort(listener: ListenTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => reject(toListenError(listener, error)));
    server.listen(listener.port, listener.host, () => server.close(() => resolve()));
  });
}

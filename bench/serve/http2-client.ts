import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { type Client, CUT } from './client.ts';

/** A client on node:http2, which costs about as much as a bare server on it does. */
export async function openHttp2(port: number, path: string): Promise<Client> {
  const session = await openSession(port);
  const headers = headersOf(path);
  return {
    call: (frame, untilMs, done) => {
      const timeout = untilMs === Infinity ? {} : { 'grpc-timeout': `${Math.ceil(untilMs - performance.now())}m` };
      const stream = session.request({ ...headers, ...timeout });
      let status = CUT;
      const take = (found: IncomingHttpHeaders): void => {
        status = (found['grpc-status'] as string | undefined) ?? status;
      };
      stream.on('response', take);
      stream.on('trailers', take);
      stream.on('error', () => undefined);
      stream.on('close', () => done(status));
      stream.resume();
      stream.end(frame);
    },
    close: () => session.close(),
  };
}

/** A session whose windows are so large that no answer waits for one. */
export async function openSession(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 2 ** 30 } });
  await new Promise<void>((resolve, reject) => {
    session.once('error', reject);
    session.once('remoteSettings', resolve);
  });
  session.setLocalWindowSize(2 ** 30);
  session.on('error', () => undefined);
  return session;
}

export const headersOf = (path: string) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
});

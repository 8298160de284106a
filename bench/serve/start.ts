import { spawn } from 'node:child_process';
import { connect } from 'node:http2';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../step/peer.ts';
import { stopProcess } from './child.ts';
import { CLI } from './model.ts';

/** Seconds from the start of the process to health's first SERVING, the median of `times` starts. */
export async function measureStart(folder: string, times: number): Promise<{ median: number; slowest: number }> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time++) seconds.push(await startOnce(folder));
  return { median: median(seconds), slowest: Math.max(...seconds) };
}

async function startOnce(folder: string): Promise<number> {
  const port = await freePort();
  const start = performance.now();
  const args = ['serve', '--model', folder, '--grpc-port', String(port), '--http-port', '0', '--log-level', 'error'];
  const child = spawn(process.execPath, [CLI, ...args], { stdio: 'inherit' });
  try {
    while (!(await isServing(port))) {
      if (child.exitCode !== null) throw new Error('the server ended before it was ready');
      await sleep(5);
    }
    return (performance.now() - start) / 1000;
  } finally {
    await stopProcess(child);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** grpc.health.v1.HealthCheckResponse { status: SERVING }, framed. */
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

function isServing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const session = connect(`http://127.0.0.1:${port}`);
    const end = (serving: boolean): void => {
      session.destroy();
      resolve(serving);
    };
    session.on('error', () => end(false));
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/grpc.health.v1.Health/Check' },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => end(false));
    stream.on('end', () => end(Buffer.concat(chunks).equals(SERVING)));
    stream.end(Buffer.alloc(5));
  });
}

import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { createRandom } from '../../src/base/philox.ts';
import { answerParent } from './child.ts';

/**
 * The load: gRPC calls over HTTP/2, written on node:http2 so that the client costs about as much as the echo that it measures,
 * and in a process of its own. A message goes out as the bytes it is given; an answer is counted and not decoded.
 */
export interface Load {
  readonly port: number;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** A serialised request, in base64. */
  readonly request: string;
  readonly seconds: number;
  readonly connections: number;
  readonly shape: Closed | Open | Streams;
}
/** So many callers, each of which calls again when it was answered. */
export interface Closed {
  readonly kind: 'closed';
  readonly callers: number;
}
/** Calls at random times, at a rate of `perSecond`, answered or not. */
export interface Open {
  readonly kind: 'open';
  readonly perSecond: number;
  /** 0 for none. */
  readonly deadlineMs: number;
}
/** Streams, each with at most `window` messages that are not answered yet. */
export interface Streams {
  readonly kind: 'streams';
  readonly streams: number;
  readonly window: number;
}

export interface LoadResult {
  /** Answered with OK, and how many such a second. */
  readonly answered: number;
  readonly perSecond: number;
  /** Milliseconds from the call to the end of its answer, of those that were answered. */
  readonly p50: number;
  readonly p99: number;
  readonly largest: number;
  /** Calls by how they ended, by the number of the gRPC status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Of an open load: answered within the deadline, and answered more than a tenth of it late. */
  readonly inTime: number;
  readonly tooLate: number;
  /** Of an open load: share of calls that went out more than 5 ms after their time: the client was too slow. */
  readonly behind: number;
}

/** What one load has seen. */
function createTally(deadlineMs: number) {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  return {
    add: (status: string, ms: number): void => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === '0') latencies.push(ms);
    },
    result: (seconds: number, behind = 0): LoadResult => {
      const sorted = Float64Array.from(latencies).sort();
      const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
      return {
        answered: sorted.length,
        perSecond: sorted.length / seconds,
        ...{ p50: quantile(0.5), p99: quantile(0.99), largest: quantile(1) },
        statuses,
        inTime: latencies.filter((ms) => ms <= deadlineMs).length,
        tooLate: latencies.filter((ms) => ms > 1.1 * deadlineMs).length,
        behind,
      };
    },
  };
}

/** As gRPC frames a message: not compressed, its length, its bytes. */
function toFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function openSessions({ port, connections }: Load): Promise<ClientHttp2Session[]> {
  // Windows so large that no answer waits for one.
  const settings = { initialWindowSize: 2 ** 30 };
  const sessions = Array.from({ length: connections }, () => connect(`http://127.0.0.1:${port}`, { settings }));
  await Promise.all(
    sessions.map(
      (session) =>
        new Promise<void>((resolve, reject) => {
          session.once('error', reject);
          session.once('remoteSettings', () => {
            session.setLocalWindowSize(2 ** 30);
            session.on('error', () => undefined);
            resolve();
          });
        }),
    ),
  );
  return sessions;
}

const headersOf = (path: string, deadlineMs: number) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...(deadlineMs > 0 && { 'grpc-timeout': `${deadlineMs}m` }),
});

/** One call; `done` is told the number of its gRPC status. */
function call(session: ClientHttp2Session, headers: object, frame: Buffer, done: (status: string) => void): void {
  const stream = session.request(headers as Record<string, string>);
  let status: string | undefined;
  const take = (found: IncomingHttpHeaders): void => {
    status = found['grpc-status'] as string | undefined;
  };
  stream.on('response', take);
  stream.on('trailers', take);
  stream.on('error', () => undefined);
  stream.on('close', () => done(status ?? 'cut'));
  stream.resume();
  stream.end(frame);
}

async function runClosed(load: Load, { callers }: Closed): Promise<LoadResult> {
  const sessions = await openSessions(load);
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const headers = headersOf(load.path, 0);
  const tally = createTally(Infinity);
  const start = performance.now();
  const stopAt = start + 1000 * load.seconds;
  const caller = (session: ClientHttp2Session): Promise<void> =>
    new Promise((resolve) => {
      const again = (): void => {
        const from = performance.now();
        if (from >= stopAt) {
          resolve();
          return;
        }
        call(session, headers, frame, (status) => {
          tally.add(status, performance.now() - from);
          again();
        });
      };
      again();
    });
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(sessions[index % sessions.length]!)));
  const seconds = (performance.now() - start) / 1000;
  for (const session of sessions) session.close();
  return tally.result(seconds);
}

async function runOpen(load: Load, { perSecond, deadlineMs }: Open): Promise<LoadResult> {
  const sessions = await openSessions(load);
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const headers = headersOf(load.path, deadlineMs);
  const tally = createTally(deadlineMs === 0 ? Infinity : deadlineMs);
  const gaps = new Float32Array(Math.ceil(perSecond * load.seconds));
  createRandom(1).stream('gaps').fillUniform(gaps, 0);
  const start = performance.now();
  let [due, behind, left] = [start, 0, gaps.length];
  const ended = new Promise<void>((resolve) => {
    const send = (index: number): void => {
      const now = performance.now();
      if (now - due > 5) behind++;
      call(sessions[index % sessions.length]!, headers, frame, (status) => {
        tally.add(status, performance.now() - now);
        if (--left === 0) resolve();
      });
    };
    let next = 0;
    const tick = (): void => {
      for (; next < gaps.length && due <= performance.now(); next++) {
        send(next);
        due -= (1000 * Math.log(1 - gaps[next]!)) / perSecond;
      }
      if (next === gaps.length) return;
      if (due - performance.now() > 2) setTimeout(tick, 1);
      else setImmediate(tick);
    };
    tick();
  });
  await ended;
  for (const session of sessions) session.close();
  return tally.result(load.seconds, behind / gaps.length);
}

async function runStreams(load: Load, { streams, window }: Streams): Promise<LoadResult> {
  const sessions = await openSessions(load);
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const tally = createTally(Infinity);
  const start = performance.now();
  const stopAt = start + 1000 * load.seconds;
  await Promise.all(
    Array.from({ length: streams }, (_, index) => {
      const stream = sessions[index % sessions.length]!.request(headersOf(load.path, 0));
      const sent: number[] = [];
      const answers = createFrameCounter(() => {
        const now = performance.now();
        tally.add('0', now - sent.shift()!);
        if (now < stopAt) send();
        else if (sent.length === 0) stream.end();
      });
      const send = (): void => {
        sent.push(performance.now());
        stream.write(frame);
      };
      stream.on('data', answers);
      for (let message = 0; message < window; message++) send();
      return new Promise<void>((resolve, reject) => {
        stream.on('error', reject);
        stream.on('trailers', (found: IncomingHttpHeaders) => {
          if (found['grpc-status'] !== '0') reject(new Error(`the stream ended with ${String(found['grpc-message'])}`));
        });
        stream.on('close', resolve);
      });
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  for (const session of sessions) session.close();
  return tally.result(seconds);
}

/** Calls `each` for every whole message in the chunks that it is given. */
function createFrameCounter(each: () => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= 5 && rest.length - at >= 5 + rest.readUInt32BE(at + 1)) {
      at += 5 + rest.readUInt32BE(at + 1);
      each();
    }
    rest = rest.subarray(at);
  };
}

const RUNS = {
  closed: (load: Load) => runClosed(load, load.shape as Closed),
  open: (load: Load) => runOpen(load, load.shape as Open),
  streams: (load: Load) => runStreams(load, load.shape as Streams),
};

answerParent((load: Load) => RUNS[load.shape.kind](load));

import type { IncomingHttpHeaders } from 'node:http2';
import { createRandom } from '../../src/base/philox.ts';
import { answerParent } from './child.ts';
import { type Client, CUT, REFUSED, UNSENT } from './client.ts';
import { headersOf, openHttp2, openSession } from './http2-client.ts';
import { openWire } from './wire.ts';

/** The load, in a process of its own. A message goes out as the bytes it is given; an answer is counted and not decoded. */
export interface Load {
  /** http2 when absent: it costs about as much as the echo that it measures. The other costs a tenth of that. */
  readonly client?: 'http2' | 'wire';
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
  /** Of an open load: answered within the deadline. */
  readonly inTime: number;
  /** Calls that the server took, which is all but those that it refused and those that never left; and of these, those that ended, however, more than a tenth of the deadline late. */
  readonly accepted: number;
  readonly tooLate: number;
  /** Of an open load: share of calls that went out more than 5 ms after their time: the client was too slow. */
  readonly behind: number;
}

/** What one load has seen. */
function createTally(deadlineMs: number) {
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  let [accepted, tooLate] = [0, 0];
  return {
    add: (status: string, ms: number): void => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === '0') latencies.push(ms);
      if (status === REFUSED || status === UNSENT) return;
      accepted++;
      if (ms > 1.1 * deadlineMs) tooLate++;
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
        ...{ accepted, tooLate, behind },
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

function openClients({ client = 'http2', port, path, connections }: Load): Promise<Client[]> {
  return Promise.all(Array.from({ length: connections }, () => OPEN[client](port, path)));
}

const OPEN = { http2: openHttp2, wire: openWire };

async function runClosed(load: Load, { callers }: Closed): Promise<LoadResult> {
  const clients = await openClients(load);
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const tally = createTally(Infinity);
  const start = performance.now();
  const stopAt = start + 1000 * load.seconds;
  const caller = (client: Client): Promise<void> =>
    new Promise((resolve, reject) => {
      const again = (): void => {
        const from = performance.now();
        if (from >= stopAt) {
          resolve();
          return;
        }
        client.call(frame, Infinity, (status) => {
          tally.add(status, performance.now() - from);
          if (status === CUT) reject(new Error('the server closed a connection'));
          else again();
        });
      };
      again();
    });
  await Promise.all(Array.from({ length: callers }, (_, index) => caller(clients[index % clients.length]!)));
  const seconds = (performance.now() - start) / 1000;
  for (const client of clients) client.close();
  return tally.result(seconds);
}

/** A call begins when it is due, also where the client sends it later. */
async function runOpen(load: Load, { perSecond, deadlineMs }: Open): Promise<LoadResult> {
  const clients = await openClients(load);
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const limitMs = deadlineMs === 0 ? Infinity : deadlineMs;
  const tally = createTally(limitMs);
  const gaps = new Float32Array(Math.ceil(perSecond * load.seconds));
  createRandom(1).stream('gaps').fillUniform(gaps, 0);
  let [due, behind, left, next] = [performance.now(), 0, gaps.length, 0];
  await new Promise<void>((resolve) => {
    const send = (index: number, from: number): void => {
      if (performance.now() - from > BEHIND_MS) behind++;
      clients[index % clients.length]!.call(frame, from + limitMs, (status) => {
        tally.add(status, performance.now() - from);
        if (--left === 0) resolve();
      });
    };
    const tick = (): void => {
      // Not more at a time than that answers are read in between.
      const most = Math.min(gaps.length, next + CALLS_AT_A_TIME);
      for (; next < most && due <= performance.now(); next++) {
        send(next, due);
        due -= (1000 * Math.log(1 - gaps[next]!)) / perSecond;
      }
      if (next === gaps.length) return;
      if (due - performance.now() > 2) setTimeout(tick, 1);
      else setImmediate(tick);
    };
    tick();
  });
  for (const client of clients) client.close();
  return tally.result(load.seconds, behind / gaps.length);
}

const CALLS_AT_A_TIME = 64;
const BEHIND_MS = 5;

async function runStreams(load: Load, { streams, window }: Streams): Promise<LoadResult> {
  const sessions = await Promise.all(Array.from({ length: load.connections }, () => openSession(load.port)));
  const frame = toFrame(Buffer.from(load.request, 'base64'));
  const tally = createTally(Infinity);
  const start = performance.now();
  const stopAt = start + 1000 * load.seconds;
  await Promise.all(
    Array.from({ length: streams }, (_, index) => {
      const stream = sessions[index % sessions.length]!.request(headersOf(load.path));
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

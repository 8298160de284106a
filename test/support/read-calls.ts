import { promisify } from 'node:util';
import {
  type sendUnaryData,
  Server,
  type ServerDuplexStream,
  ServerCredentials,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { pino } from 'pino';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import type { Received } from '../../src/server/grpc/convert.ts';
import type { HeldBytes } from '../../src/server/grpc/held-bytes.ts';
import { createPatience, type Patience, type Waiter } from '../../src/server/grpc/patience.ts';
import { createReadInterceptor } from '../../src/server/grpc/read-interceptor.ts';
import { toRefusal } from '../../src/server/grpc/trailers-only.ts';
import { HEALTH } from './grpc-client.ts';

const { ScoreStream } = loadContract()[SERVICE] as ServiceDefinition;
export const STREAM = ScoreStream!.path;
const identity = (bytes: Buffer): Buffer => bytes;

function createRead(held: HeldBytes, patience: Patience = createPatience(2000), heldOpen = held) {
  const options = { slowClientTimeoutMs: 2000, maxMessageBytes: 2 ** 20 };
  return {
    patience,
    read: createReadInterceptor({ patience, held, heldOpen, options, log: pino({ level: 'silent' }) }),
  };
}

async function listen(server: Server, patience: ReturnType<typeof createPatience>) {
  const port = await promisify(server.bindAsync.bind(server))('127.0.0.1:0', ServerCredentials.createInsecure());
  const address = `127.0.0.1:${port}`;
  return {
    address,
    patience,
    stop: () => {
      server.forceShutdown();
      patience.close();
    },
  };
}

/** Looks when the test says so. */
export function createCalledPatience() {
  const waiters = new Set<Waiter>();
  const patience: Patience = {
    enter: (waiter) => void waiters.add(waiter),
    leave: (waiter) => void waiters.delete(waiter),
    get size() {
      return waiters.size;
    },
    close: () => undefined,
  };
  const look = (times: number): void => {
    for (let time = 0; time < times; time++) for (const waiter of [...waiters]) waiter.look();
  };
  return { patience, look };
}

/** A method that anybody may call. */
export const OPEN = HEALTH['Check']!.path;

/** A server of calls of one message, which are answered once the test says so. */
export async function serveOne(held: HeldBytes, heldOpen = held) {
  const { patience, read } = createRead(held, undefined, heldOpen);
  const server = new Server({ interceptors: [read] });
  const answers: (() => void)[] = [];
  const ofBytes = { ...ScoreStream!, requestDeserialize: identity, responseSerialize: identity };
  const one = { ...ofBytes, path: '/test/one', requestStream: false, responseStream: false };
  const answerLater = (_: unknown, done: sendUnaryData<Buffer>) => answers.push(() => done(null, Buffer.alloc(1)));
  server.addService({ one, open: { ...one, path: OPEN } }, { one: answerLater, open: answerLater });
  return { ...(await listen(server, patience)), answer: () => answers.forEach((each) => each()) };
}

/** A server whose stream answers each message by its length, and refuses faults: at once, or in order once the test says so. */
export async function serveLengths(
  held: HeldBytes,
  inTurn = (answer: () => unknown): unknown => answer(),
  ownPatience?: Patience,
) {
  const { patience, read: interceptor } = createRead(held, ownPatience);
  const server = new Server({ interceptors: [interceptor] });
  const calls: ServerDuplexStream<Received<Buffer>, Buffer>[] = [];
  const read: number[] = [];
  const message = (bytes: Buffer): Received<Buffer> => {
    read.push(bytes.length);
    return { message: bytes };
  };
  server.addService(
    { lengths: { ...ScoreStream!, requestDeserialize: message, responseSerialize: identity } },
    {
      lengths: (call: ServerDuplexStream<Received<Buffer>, Buffer>) => {
        calls.push(call);
        const answer = (received: Received<Buffer>) => {
          if ('fault' in received) call.emit('error', toRefusal(received.fault));
          else call.write(Buffer.from(String(received.message.length)));
        };
        call.on('data', (received: Received<Buffer>) => void inTurn(() => answer(received)));
        call.on('end', () => void inTurn(() => call.end()));
      },
    },
  );
  return { ...(await listen(server, patience)), calls, read };
}

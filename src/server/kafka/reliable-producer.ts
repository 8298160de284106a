import { setImmediate as nextTurn } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import type { OutboundMessage, ProducerPort, ProducerSession } from './port.ts';
import { recordsLength } from './record-batch.ts';
import { halve, REQUEST_BYTES, toRequests } from './requests.ts';

export interface ReliableProducerOptions {
  readonly openSession: () => Promise<ProducerSession>;
  /** Most bytes in one request. */
  readonly maxRequestBytes?: number;
}

/** One call of `send`, until it is answered. */
interface Caller {
  readonly topic: string;
  readonly messages: readonly OutboundMessage[];
  /** Of its messages as records, at most. */
  readonly bytes: number;
  readonly resolve: (refused: readonly OutboundMessage[]) => void;
  readonly reject: (error: AristarchError) => void;
}

/**
 * A producer that can be trusted with the promise "acknowledged means written":
 *
 * - One request at a time. An idempotent session numbers its messages; a number that is given back by one failed request
 *   and taken by another would let the broker drop the second one as a duplicate. Who comes meanwhile, as with
 *   the results of other partitions, goes into the next one together, in the order of coming.
 * - After any failure the session is thrown away, for the same reason: the broker may have written what it did not
 *   acknowledge, and a new session has numbers of its own. Results may then come twice (same result id), never not at all.
 * - A request that is refused for its size is halved until the messages that are too large by themselves are known; one that
 *   is refused otherwise is taken apart by callers, of whom one may be at fault, and only that one hears of it.
 */
export function createReliableProducer({ openSession, ...options }: ReliableProducerOptions): ProducerPort {
  const { maxRequestBytes = REQUEST_BYTES } = options;
  const sessions = createSessions(openSession);
  let closed = false;
  let waiting: Caller[] = [];
  let working: Promise<void> | undefined;
  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const count = countTogether(waiting, maxRequestBytes);
      const callers = waiting.slice(0, count);
      waiting = waiting.slice(count);
      await answer(callers, sessions.send, maxRequestBytes);
      // Who is answered goes on first: its commit is on its way while the next request is made.
      if (waiting.length > 0) await nextTurn();
    }
    working = undefined;
  }
  return {
    send(topic, messages) {
      if (closed) return Promise.reject(new AristarchError('CANCELLED', 'the producer is closed'));
      return new Promise((resolve, reject) => {
        waiting.push({ topic, messages, bytes: recordsLength(messages), resolve, reject });
        working ??= work();
      });
    },
    async close() {
      closed = true;
      await working;
      await sessions.drop();
    },
  };
}

type Send = ProducerPort['send'];

/** One session after the other: requests, each of them halved where it is refused for its size. */
function createSessions(openSession: ReliableProducerOptions['openSession']) {
  let session: ProducerSession | undefined;
  async function drop(): Promise<void> {
    const dropped = session;
    session = undefined;
    // What cannot be closed any more is closed already; the fault that matters is the one that led here.
    await dropped?.close().catch(() => undefined);
  }
  const send: Send = async (topic, messages) => {
    try {
      session ??= await openSession();
      await session.send(topic, messages);
      return [];
    } catch (thrown) {
      const error = toAristarchError(thrown);
      await drop();
      if (error.code !== 'RESOURCE_EXHAUSTED') throw error;
      return halve(messages, (half) => send(topic, half));
    }
  };
  return { send, drop };
}

async function answer(callers: readonly Caller[], send: Send, maxRequestBytes: number): Promise<void> {
  try {
    const refused = new Set(await sendAll(callers, send, maxRequestBytes));
    for (const { messages, resolve } of callers)
      resolve(refused.size === 0 ? [] : messages.filter((message) => refused.has(message)));
  } catch (thrown) {
    const error = toAristarchError(thrown);
    if (callers.length > 1 && KAFKA_ACTIONS[error.code] !== 'retry') {
      for (const caller of callers) await answer([caller], send, maxRequestBytes);
    } else for (const { reject } of callers) reject(error);
  }
}

/** Several callers' messages in one request; one caller's in as many as they need. */
async function sendAll(
  callers: readonly Caller[],
  send: Send,
  maxRequestBytes: number,
): Promise<readonly OutboundMessage[]> {
  const { topic, messages, bytes } = callers[0]!;
  const all = callers.length > 1 ? callers.flatMap((caller) => caller.messages) : messages;
  if (callers.length > 1 || bytes <= maxRequestBytes) return send(topic, all);
  const refused: OutboundMessage[] = [];
  for (const request of toRequests(messages, maxRequestBytes)) refused.push(...(await send(topic, request)));
  return refused;
}

/** How many of the first callers go into one request: for one topic, and no more bytes than it takes; at least one. */
function countTogether(callers: readonly Caller[], mostBytes: number): number {
  let [count, bytes] = [0, 0];
  for (const caller of callers) {
    bytes += caller.bytes;
    if (count > 0 && (bytes > mostBytes || caller.topic !== callers[0]!.topic)) break;
    count += 1;
  }
  return count;
}

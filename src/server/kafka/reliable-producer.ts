import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { OutboundMessage, ProducerPort, ProducerSession } from './port.ts';
import { halve, REQUEST_BYTES, toRequests } from './requests.ts';

export interface ReliableProducerOptions {
  readonly openSession: () => Promise<ProducerSession>;
  /** Most bytes in one request. */
  readonly maxRequestBytes?: number;
}

/**
 * A producer that can be trusted with the promise "acknowledged means written":
 *
 * - One request at a time. An idempotent session numbers its messages; a number that is given back by one failed request
 *   and taken by another would let the broker drop the second one as a duplicate.
 * - After any failure the session is thrown away, for the same reason: the broker may have written what it did not
 *   acknowledge, and a new session has numbers of its own. Results may then come twice (same result id), never not at all.
 * - A request that is refused for its size is halved until the messages that are too large by themselves are known.
 */
export function createReliableProducer(options: ReliableProducerOptions): ProducerPort {
  const maxRequestBytes = options.maxRequestBytes ?? REQUEST_BYTES;
  let session: ProducerSession | undefined;
  let queue: Promise<unknown> = Promise.resolve();

  async function dropSession(): Promise<void> {
    const dropped = session;
    session = undefined;
    // What cannot be closed any more is closed already; the fault that matters is the one that led here.
    await dropped?.close().catch(() => undefined);
  }

  async function attempt(topic: string, messages: readonly OutboundMessage[]): Promise<readonly OutboundMessage[]> {
    try {
      session ??= await options.openSession();
      await session.send(topic, messages);
      return [];
    } catch (thrown) {
      const error = toAristarchError(thrown);
      await dropSession();
      if (error.code !== 'RESOURCE_EXHAUSTED') throw error;
      return halve(messages, (half) => attempt(topic, half));
    }
  }

  async function sendAll(topic: string, messages: readonly OutboundMessage[]): Promise<readonly OutboundMessage[]> {
    const refused: OutboundMessage[] = [];
    for (const request of toRequests(messages, maxRequestBytes)) refused.push(...(await attempt(topic, request)));
    return refused;
  }

  return {
    send(topic, messages) {
      const sent = queue.then(() => sendAll(topic, messages));
      queue = sent.catch(() => undefined);
      return sent;
    },
    async close() {
      await queue;
      await dropSession();
      session = {
        send: () => Promise.reject(new AristarchError('CANCELLED', 'the producer is closed')),
        close: () => Promise.resolve(),
      };
    },
  };
}

import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { OutboundMessage, ProducerPort, ProducerSession } from './port.ts';

export interface ReliableProducerOptions {
  readonly openSession: () => Promise<ProducerSession>;
  /**
   * Most bytes in one request. The client makes one record batch of all messages for a partition, and a broker refuses
   * batches above its `max.message.bytes` (1 MiB unless changed), so requests stay well below.
   */
  readonly maxRequestBytes?: number;
  readonly onRetry?: () => void;
}

const DEFAULT_REQUEST_BYTES = 512 * 1024;

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
  const maxRequestBytes = options.maxRequestBytes ?? DEFAULT_REQUEST_BYTES;
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
      return messages.length === 1 ? messages : halve(topic, messages);
    }
  }

  async function halve(topic: string, messages: readonly OutboundMessage[]): Promise<readonly OutboundMessage[]> {
    const middle = Math.ceil(messages.length / 2);
    const first = await attempt(topic, messages.slice(0, middle));
    const second = await attempt(topic, messages.slice(middle));
    return [...first, ...second];
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

/** Cuts messages into requests of at most `maxBytes`, in order; a larger message has a request of its own. */
function toRequests(messages: readonly OutboundMessage[], maxBytes: number): OutboundMessage[][] {
  const requests: OutboundMessage[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes + size > maxBytes) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)!.push(message);
    bytes += size;
  }
  return requests;
}

/** Bytes of lengths, offset and time of a record and of each of its headers, at most. */
const RECORD_OVERHEAD = 32;
const HEADER_OVERHEAD = 10;

function sizeOf({ key, value, headers }: OutboundMessage): number {
  const headerBytes = Object.entries(headers).reduce((sum, [name, header]) => {
    const values = Array.isArray(header) ? header : [header ?? ''];
    return values.reduce((all, each) => all + name.length + Buffer.byteLength(each) + HEADER_OVERHEAD, sum);
  }, 0);
  return (key?.length ?? 0) + (value?.length ?? 0) + headerBytes + RECORD_OVERHEAD;
}

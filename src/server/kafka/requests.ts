import type { OutboundMessage } from './port.ts';
import { recordLength } from './record-batch.ts';

/**
 * Most bytes in one request. The client makes one record batch of all messages for a partition, and a broker refuses
 * batches above its `max.message.bytes` (1 MiB unless changed), so requests stay well below.
 */
export const REQUEST_BYTES = 512 * 1024;

/** Cuts messages into requests of at most `maxBytes`, in order; a larger message has a request of its own. */
export function toRequests(messages: readonly OutboundMessage[], maxBytes: number): OutboundMessage[][] {
  const requests: OutboundMessage[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const size = recordLength(message);
    if (bytes + size > maxBytes) {
      requests.push([]);
      bytes = 0;
    }
    requests.at(-1)!.push(message);
    bytes += size;
  }
  return requests;
}

/** For a request that was refused for its size: tries its halves, and answers the messages that are too large alone. */
export async function halve(
  messages: readonly OutboundMessage[],
  attempt: (half: readonly OutboundMessage[]) => Promise<readonly OutboundMessage[]>,
): Promise<readonly OutboundMessage[]> {
  if (messages.length === 1) return messages;
  const middle = Math.ceil(messages.length / 2);
  const first = await attempt(messages.slice(0, middle));
  const second = await attempt(messages.slice(middle));
  return [...first, ...second];
}

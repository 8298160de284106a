import { createRequire } from 'node:module';
import { brokersDamage, CORRUPT_MESSAGE } from '../read-record-batch.ts';
import type { FetchedMessage } from './aborted-messages.ts';
import { toUnreadableMark } from './unreadable-marks.ts';

/** What kafkajs 2.2.3 decodes of an answer to a fetch, as far as it is looked at here. */
interface Decoded {
  readonly responses: readonly { readonly partitions: readonly { errorCode: number; messages: FetchedMessage[] }[] }[];
}
type Parse = (decoded: Decoded) => Promise<unknown>;

/** Has kafkajs take a partition of which the broker says that it is damaged for one that cannot be read: by itself it gives the whole answer up, and all partitions in it. */
export function markCorruptPartitions(): void {
  const response = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch/v0/response') as {
    parse: Parse;
  };
  const { parse } = response;
  // The newer versions of the request take this one over when they are first asked for.
  response.parse = (decoded) => {
    for (const partition of decoded.responses.flatMap(({ partitions }) => partitions)) {
      if (partition.errorCode !== CORRUPT_MESSAGE) continue;
      partition.errorCode = 0;
      partition.messages = [toUnreadableMark(brokersDamage())];
    }
    return parse(decoded);
  };
}

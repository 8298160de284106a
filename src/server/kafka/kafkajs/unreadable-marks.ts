import { createRequire } from 'node:module';
import type { AristarchError } from '../../../base/errors.ts';
import { type FetchedMessage, NO_BATCH } from './aborted-messages.ts';

/** Stands behind all that can be read of a partition, in the place of what cannot. */
interface Mark extends FetchedMessage {
  readonly unreadable: AristarchError;
  offset: string;
}

/** What kafkajs 2.2.3 asks for and is answered, as far as it is looked at here. */
interface FetchRequest {
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}
interface FetchResponse {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly FetchedMessage[] }[];
  }[];
}
interface BrokerClass {
  readonly prototype: { fetch(request: FetchRequest): Promise<FetchResponse> };
}

/** Has no place before the request is known: what is left of a batch cannot be believed. */
export function toUnreadableMark(unreadable: AristarchError): FetchedMessage {
  const nothing = { key: null, value: null, headers: {}, timestamp: '-1' };
  const mark: Mark = { ...nothing, offset: '-1', batchContext: NO_BATCH, unreadable };
  return mark;
}

/** The mark that messages end with. */
export function findMark(
  messages: readonly object[],
): { offset: string; readonly unreadable: AristarchError } | undefined {
  const last = messages.at(-1);
  return last !== undefined && 'unreadable' in last ? (last as Mark) : undefined;
}

/** Lets kafkajs hand out marks: each is placed where the partition was to be read on, since what lies before that is not handed out. */
export function placeUnreadableMarks(): void {
  const broker = createRequire(import.meta.url)('kafkajs/src/broker') as BrokerClass;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the broker itself, below
  const { fetch } = broker.prototype;
  broker.prototype.fetch = async function (request) {
    const response = await fetch.call(this, request);
    for (const { topicName, partitions } of response.responses) {
      const asked = request.topics.find(({ topic }) => topic === topicName)?.partitions ?? [];
      for (const { partition, messages } of partitions)
        placeMark(messages, asked.find((each) => each.partition === partition)?.fetchOffset ?? '0');
    }
    return response;
  };
}

/** `from`: the offset that was asked for. */
export function placeMark(messages: readonly FetchedMessage[], from: string): void {
  const mark = findMark(messages);
  if (mark === undefined) return;
  const before = messages.at(-2);
  const behind = before === undefined ? 0n : BigInt(before.offset) + 1n;
  mark.offset = String(behind > BigInt(from) ? behind : from);
}

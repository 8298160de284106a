import { createRequire } from 'node:module';
import type { AristarchError } from '../../../base/errors.ts';
import { type Bounds, findMisplaced } from '../read-record-batch.ts';
import { type FetchedMessage, outsideOfTransactions } from './aborted-messages.ts';

/** Stands behind all that can be read of a partition, in the place of what cannot. */
interface Mark extends FetchedMessage {
  readonly unreadable: AristarchError;
  offset: string;
}

/** What kafkajs 2.2.3 asks for and is answered, as far as it is looked at here. */
interface FetchRequest {
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string }[];
  }[];
}
interface FetchResponse {
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPart[];
  }[];
}
interface FetchedPart {
  readonly partition: number;
  /** As it was before the messages were read, so that they may lie behind it. */
  readonly highWatermark: string;
  readonly messages: FetchedMessage[];
}
interface BrokerClass {
  readonly prototype: { fetch(request: FetchRequest): Promise<FetchResponse> };
}

/** Has no place before the request is known: what is left of a batch cannot be believed. */
export function toUnreadableMark(unreadable: AristarchError): FetchedMessage {
  const nothing = { key: null, value: null, headers: {}, timestamp: '-1' };
  const mark: Mark = { ...nothing, offset: '-1', batchContext: outsideOfTransactions(-1n), unreadable };
  return mark;
}

/** The mark that messages end with. */
export function findMark(
  messages: readonly object[],
): { offset: string; readonly unreadable: AristarchError } | undefined {
  const last = messages.at(-1);
  return last !== undefined && 'unreadable' in last ? (last as Mark) : undefined;
}

/**
 * Lets kafkajs hand out marks: each is placed where the partition was to be read on, since what lies before that is not handed out. One more
 * stands for what cannot lie where it says that it does.
 */
export function placeUnreadableMarks(): void {
  const broker = createRequire(import.meta.url)('kafkajs/src/broker') as BrokerClass;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the broker itself, below
  const { fetch } = broker.prototype;
  broker.prototype.fetch = async function (request) {
    const response = await fetch.call(this, request);
    // A broker looks where partitions end before it reads, and may read more by then: where it did, it is asked for their ends once more.
    const isBeyond = response.responses.some(({ partitions }) => partitions.some(isBeyondEnd));
    const later = isBeyond ? await fetch.call(this, { ...request, maxBytes: 1 }) : response;
    for (const { topicName, partitions } of response.responses) {
      const asked = request.topics.find(({ topic }) => topic === topicName)?.partitions ?? [];
      const ends = later.responses.filter((each) => each.topicName === topicName).flatMap((each) => each.partitions);
      for (const part of partitions) {
        const isIt = ({ partition }: { readonly partition: number }): boolean => partition === part.partition;
        const from = asked.find(isIt)?.fetchOffset ?? '0';
        const end = (ends.find(isIt) ?? part).highWatermark;
        cutMisplaced(part.messages, { from: BigInt(from), end: BigInt(end) });
        placeMark(part.messages, from);
      }
    }
    return response;
  };
}

function isBeyondEnd({ messages, highWatermark }: FetchedPart): boolean {
  const last = findMark(messages) === undefined ? messages.at(-1) : messages.at(-2);
  return last !== undefined && last.batchContext.lastOffset >= BigInt(highWatermark);
}

/** Puts a mark in the place of the first batch that cannot lie where it says that it does, and of what is behind it. */
function cutMisplaced(messages: FetchedMessage[], bounds: Bounds): void {
  const count = findMark(messages) === undefined ? messages.length : messages.length - 1;
  for (let place = 0; place < count; place++) {
    const { batchContext } = messages[place]!;
    if (batchContext === messages[place - 1]?.batchContext) continue;
    const misplaced = findMisplaced(batchContext.lastOffset, bounds);
    if (misplaced === undefined) continue;
    messages.splice(place, messages.length - place, toUnreadableMark(misplaced));
    return;
  }
}

/** `from`: the offset that was asked for. */
export function placeMark(messages: readonly FetchedMessage[], from: string): void {
  const mark = findMark(messages);
  if (mark === undefined) return;
  const before = messages.at(-2);
  const behind = before === undefined ? 0n : BigInt(before.offset) + 1n;
  mark.offset = String(behind > BigInt(from) ? behind : from);
}

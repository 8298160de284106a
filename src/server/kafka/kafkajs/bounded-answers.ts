import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { AnswerMeter, TooMuchAtOnce } from '../compression.ts';

/** What kafkajs 2.2.3 asks for, as far as it is looked at here. */
export interface FetchRequest {
  readonly maxBytes: number;
  readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly maxBytes: number }[] }[];
}
interface BrokerClass {
  readonly prototype: { fetch(request: FetchRequest): Promise<unknown> };
}

/** The meter of the answer that is taken apart at present. */
const METERS = new AsyncLocalStorage<AnswerMeter>();

/** Told by the codecs what a batch became. */
export function meterBatch(bytes: number): void {
  METERS.getStore()?.add(bytes);
}

/**
 * Bounds what an answer becomes: kafkajs decompresses all its batches before it hands out the first, and a megabyte of small bombs
 * becomes gigabytes. Where it would be too much, one batch is asked for instead, of each partition in turn.
 */
export function boundAnswers(): void {
  const broker = createRequire(import.meta.url)('kafkajs/src/broker') as BrokerClass;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with the broker itself, below
  const { fetch } = broker.prototype;
  let turn = 0;
  broker.prototype.fetch = async function (request) {
    const ask = (some: FetchRequest) => METERS.run(new AnswerMeter(), () => fetch.call(this, some));
    try {
      return await ask(request);
    } catch (thrown) {
      if (!(thrown instanceof TooMuchAtOnce)) throw thrown;
      turn += 1;
      return ask(toOneBatch(request, turn));
    }
  };
}

/** A broker that may send one byte sends one batch, of the first partition that has any (KIP-74). */
export function toOneBatch(request: FetchRequest, turn: number): FetchRequest {
  const topics = request.topics.map(({ topic, partitions }) => {
    const first = turn % Math.max(1, partitions.length);
    const turned = [...partitions.slice(first), ...partitions.slice(0, first)];
    return { topic, partitions: turned.map((partition) => ({ ...partition, maxBytes: 1 })) };
  });
  return { ...request, maxBytes: 1, topics };
}

import type { PartitionAnswer } from '../../../src/server/kafka/platformatic/fetch.ts';
import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';

const RECORD = { timeMs: 0n, key: null, value: Buffer.from('1'), headers: {} };

/** Out of range, of which a broker tells no end. */
const REFUSED = { errorCode: 1, end: -1n, aborted: [], batches: [], unreadable: undefined };

/** What a fetch asks of a partition, as far as it is answered here. */
export interface Asked {
  readonly partition: number;
  readonly fetchOffset: bigint;
}

/** A broker with an event at each offset of each partition; `check` may refuse what is asked, or a partition of it, or look where that ends before another event has come. */
export function createFetchWire(
  count: number,
  check: (asked: readonly Asked[], partition: number) => 'ends too early' | 'is refused' | undefined = () => undefined,
) {
  const asked: number[][] = [];
  const partitions = Array.from({ length: count }, () => ({ leader: 1 }));
  const topic = { id: 'id', partitionsCount: count, partitions };
  const metadata = { topics: new Map([['events', topic]]), brokers: new Map([[1, { host: 'b', port: 1 }]]) };
  function toAnswer({ partition, fetchOffset: offset }: Asked, end = offset + 1n): PartitionAnswer {
    const flags = { isInTransaction: false, isControl: false, compressionBits: 0 };
    const times = { brokersTimeMs: undefined, firstTimeMs: 0n };
    const batch = { ...{ firstOffset: offset, lastOffset: offset, producerId: -1n, count: 1 }, ...flags, ...times };
    const records = [{ ...RECORD, offset }];
    const batches = [{ batch: { ...batch, records: Buffer.alloc(0) }, records }];
    return { partition, errorCode: 0, end, aborted: [], batches, unreadable: undefined };
  }
  const askBy = (_api: unknown, _broker: unknown, ...given: readonly unknown[]) => {
    const [{ partitions: wanted }] = given[6] as [{ partitions: readonly Asked[] }];
    asked.push(wanted.map(({ partition }) => partition));
    return new Promise((resolve) => {
      const answers = wanted.map((each): PartitionAnswer => {
        const found = check(wanted, each.partition);
        if (found === 'is refused') return { ...REFUSED, partition: each.partition };
        return toAnswer(each, found === undefined ? undefined : each.fetchOffset);
      });
      resolve(answers);
    });
  };
  return { wire: { askBy, metadata: () => Promise.resolve(metadata) } as unknown as Wire, asked };
}

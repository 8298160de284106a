import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';

const RECORD = { offsetDelta: 0, timestampDelta: 0n, key: null, value: Buffer.from('1'), headers: [] };

/** What a fetch asks of a partition, as far as it is answered here. */
export interface Asked {
  readonly partition: number;
  readonly fetchOffset: bigint;
}

/** A broker with an event at each offset of each partition; `check` may refuse what is asked. */
export function createFetchWire(count: number, check: (asked: readonly Asked[]) => void = () => undefined) {
  const asked: number[][] = [];
  const partitions = Array.from({ length: count }, () => ({ leader: 1 }));
  const topic = { id: 'id', partitionsCount: count, partitions };
  const metadata = { topics: new Map([['events', topic]]), brokers: new Map([[1, { host: 'b', port: 1 }]]) };
  function toAnswer({ partition, fetchOffset }: Asked) {
    const batch = { firstOffset: fetchOffset, lastOffsetDelta: 0, attributes: 0, producerId: -1n, records: [RECORD] };
    const records = [{ ...batch, firstTimestamp: 0n, maxTimestamp: 0n }];
    return { partitionIndex: partition, errorCode: 0, records };
  }
  const ask = (_name: string, _broker: unknown, ...given: readonly unknown[]) => {
    const [{ partitions: wanted }] = given[6] as [{ partitions: readonly Asked[] }];
    asked.push(wanted.map(({ partition }) => partition));
    return new Promise((resolve) => {
      check(wanted);
      resolve({ responses: [{ partitions: wanted.map(toAnswer) }] });
    });
  };
  return { wire: { ask, metadata: () => Promise.resolve(metadata) } as unknown as Wire, asked };
}

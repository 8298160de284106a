import { expect, it } from '@jest/globals';
import { TooMuchAtOnce } from '../../../src/server/kafka/compression.ts';
import { fetchUntil } from '../../../src/server/kafka/platformatic/fetcher.ts';
import { createPartitions } from '../../../src/server/kafka/platformatic/partitions.ts';
import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';
import { until } from '../../support/until.ts';

const RECORD = { offsetDelta: 0, timestampDelta: 0n, key: null, value: Buffer.from('1'), headers: [] };
const TOPIC = { id: 'id', partitionsCount: 3, partitions: [0, 1, 2].map(() => ({ leader: 1 })) };
const METADATA = { topics: new Map([['events', TOPIC]]), brokers: new Map([[1, { host: 'b', port: 1 }]]) };

/** A broker with a large batch at each offset of each partition: two of them are too much for one answer. */
function createWire() {
  const asked: number[][] = [];
  const ask = (_name: string, _broker: unknown, ...given: readonly unknown[]) => {
    const [{ partitions }] = given[6] as [{ partitions: { partition: number; fetchOffset: bigint }[] }];
    asked.push(partitions.map(({ partition }) => partition));
    if (partitions.length > 1) return Promise.reject(new TooMuchAtOnce('too large together'));
    const [{ partition, fetchOffset }] = partitions as [(typeof partitions)[number]];
    const batch = { firstOffset: fetchOffset, lastOffsetDelta: 0, attributes: 0, producerId: -1n, records: [RECORD] };
    const times = { firstTimestamp: 0n, maxTimestamp: 0n };
    const records = [{ ...batch, ...times }];
    return Promise.resolve({ responses: [{ partitions: [{ partitionIndex: partition, errorCode: 0, records }] }] });
  };
  const wire = { ask, metadata: () => Promise.resolve(METADATA) } as unknown as Wire;
  return { wire, asked };
}

it('batches that are too large together are fetched one at a time, none while one waits, and a stop waits for no others', async () => {
  const { wire, asked } = createWire();
  const partitions = createPartitions(new Map([0, 1, 2].map((partition) => [partition, 0n])));
  const waiting = () => partitions.filter((own) => own.waiting !== undefined);
  const stopping = new AbortController();
  let most = 0;
  const ended = fetchUntil(
    {
      ...{ wire, partitions, onMetadata: () => undefined, freed: () => new Promise(() => undefined) },
      config: { topicIn: 'events' } as Parameters<typeof fetchUntil>[0]['config'],
      onHidden: () => undefined,
      onFetched: () => (most = Math.max(most, waiting().length)),
    },
    stopping.signal,
  );
  const seen = new Set<number>();
  for (let batch = 0; batch < 6; batch++) {
    await until('a batch', () => waiting().length > 0);
    const [own] = waiting();
    seen.add(own!.partition);
    own!.waiting = undefined;
  }
  expect([most, [...seen].sort()]).toEqual([1, [0, 1, 2]]);
  await until('the next batch', () => waiting().length > 0);
  const count = asked.length;
  stopping.abort();
  await ended;
  expect(asked).toHaveLength(count);
});

import { expect, it } from '@jest/globals';
import { TooMuchAtOnce } from '../../../src/server/kafka/compression.ts';
import { fetchUntil } from '../../../src/server/kafka/platformatic/fetcher.ts';
import { createPartitions, type OwnPartition } from '../../../src/server/kafka/platformatic/partitions.ts';
import { until } from '../../support/until.ts';
import { createFetchWire } from './platformatic-wire.ts';

/** What is fetched, until `stop`. */
function fetching(
  wire: Parameters<typeof fetchUntil>[0]['wire'],
  partitions: OwnPartition[],
  onFetched: () => void = () => undefined,
) {
  const stopping = new AbortController();
  const ended = fetchUntil(
    {
      ...{ wire, partitions, onFetched, onMetadata: () => undefined, freed: () => new Promise(() => undefined) },
      config: { topicIn: 'events' } as Parameters<typeof fetchUntil>[0]['config'],
      onHidden: () => undefined,
    },
    stopping.signal,
  );
  return {
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

it('an event that a broker has read after it looked where the partition ends is handed out', async () => {
  let looks = 0;
  const { wire } = createFetchWire(1, () => (looks++ === 0 ? 'ends too early' : undefined));
  const [own] = createPartitions(new Map([[0, 7n]]));
  const fetcher = fetching(wire, [own!]);
  await until('the event', () => own!.waiting !== undefined);
  expect(own!.waiting).toMatchObject({ messages: [{ offset: 7n }], unreadable: undefined });
  await fetcher.stop();
});

it('what a broker has answered of a partition is handed out, although it refuses that one when it is asked once more where another one ends', async () => {
  const looks = [0, 0];
  const { wire } = createFetchWire(2, (_, partition) => {
    const look = looks[partition]!++;
    if (partition === 0) return look === 0 ? 'ends too early' : undefined;
    return look === 1 ? 'is refused' : undefined;
  });
  const partitions = createPartitions(new Map([0, 1].map((partition) => [partition, 7n])));
  const fetcher = fetching(wire, partitions);
  await until('both events', () => partitions.every(({ waiting }) => waiting !== undefined));
  for (const { waiting } of partitions)
    expect(waiting).toMatchObject({ messages: [{ offset: 7n }], unreadable: undefined });
  await fetcher.stop();
});

/** A broker with batches of which two are too much for one answer. */
const createWire = () =>
  createFetchWire(3, (asked) => {
    if (asked.length > 1) throw new TooMuchAtOnce('too large together');
    return undefined;
  });

it('batches that are too large together are fetched one at a time, none while one waits, and a stop waits for no others', async () => {
  const { wire, asked } = createWire();
  const partitions = createPartitions(new Map([0, 1, 2].map((partition) => [partition, 0n])));
  const waiting = () => partitions.filter((own) => own.waiting !== undefined);
  let most = 0;
  const fetcher = fetching(wire, partitions, () => void (most = Math.max(most, waiting().length)));
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
  await fetcher.stop();
  expect(asked).toHaveLength(count);
});

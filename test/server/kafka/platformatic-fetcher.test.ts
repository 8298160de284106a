import { expect, it } from '@jest/globals';
import { TooMuchAtOnce } from '../../../src/server/kafka/compression.ts';
import { fetchUntil } from '../../../src/server/kafka/platformatic/fetcher.ts';
import { createPartitions } from '../../../src/server/kafka/platformatic/partitions.ts';
import { until } from '../../support/until.ts';
import { createFetchWire } from './platformatic-wire.ts';

/** A broker with batches of which two are too much for one answer. */
const createWire = () =>
  createFetchWire(3, (asked) => {
    if (asked.length > 1) throw new TooMuchAtOnce('too large together');
  });

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

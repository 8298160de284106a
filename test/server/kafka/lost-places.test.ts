import { describe, expect, it } from '@jest/globals';
import { goOnWithOldest, type OffsetManager } from '../../../src/server/kafka/kafkajs/lost-places.ts';

/** Where kafkajs reads on after it was refused a place, with the oldest event at an offset; undefined where that is its own choice. */
async function placeAfter(position: string, oldest: string): Promise<string | undefined> {
  const manager: OffsetManager = {
    resolvedOffsets: { events: { 3: position } },
    cluster: { fetchTopicsOffset: () => Promise.resolve([{ partitions: [{ offset: oldest }] }]) },
    nextOffset: () => ({ toString: () => position }),
  };
  const theirs: string[] = [];
  const otherwise = ({ topic }: { readonly topic: string }): Promise<void> => Promise.resolve(void theirs.push(topic));
  await goOnWithOldest(otherwise).call(manager, { topic: 'events', partition: 3 });
  return theirs.length > 0 ? undefined : manager.resolvedOffsets['events']![3];
}

describe('a place at which there is nothing, by kafkajs', () => {
  it('becomes that of the oldest event, where those before it are gone', async () => {
    expect(await placeAfter('9', '10')).toBe('10');
    expect(await placeAfter('99', '100')).toBe('100');
  });

  it('is left to the client where it is behind the end, as where the topic was made anew', async () => {
    expect(await placeAfter('10', '10')).toBeUndefined();
    expect(await placeAfter('100', '0')).toBeUndefined();
  });
});

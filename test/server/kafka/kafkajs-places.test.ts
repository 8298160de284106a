import { describe, expect, it } from '@jest/globals';
import { commitEnds, goOnWithOldest, type OffsetManager } from '../../../src/server/kafka/kafkajs/keep-places.ts';

/** Where kafkajs reads on after it was refused a place, with the oldest event at an offset; undefined where that is its own choice. */
async function placeAfter(position: string, oldest: string): Promise<string | undefined> {
  const manager: OffsetManager = {
    resolvedOffsets: { events: { 3: position } },
    cluster: {
      fetchTopicsOffset: () => Promise.resolve([{ topic: 'events', partitions: [{ partition: 3, offset: oldest }] }]),
    },
    nextOffset: () => ({ toString: () => position }),
    commitOffsets: () => Promise.reject(new Error('not asked for')),
    clearOffsets: () => undefined,
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

describe('a partition without an offset, by kafkajs', () => {
  /** What is committed where the client looks for a beginning, and what it forgets where that fails. */
  async function begin(fromBeginning: boolean, commit: () => Promise<void> = () => Promise.resolve()) {
    const [committed, forgotten]: [unknown[], unknown[]] = [[], []];
    const found = [{ topic: 'events', partitions: [{ partition: 3, offset: '10' }] }];
    const manager: OffsetManager = {
      resolvedOffsets: {},
      cluster: { fetchTopicsOffset: () => Promise.resolve(found) },
      nextOffset: () => '0',
      commitOffsets: ({ topics }) => commit().then(() => void committed.push(...topics)),
      clearOffsets: (place) => void forgotten.push(place),
    };
    const resolve = async function (this: OffsetManager): Promise<void> {
      const asked = [{ topic: 'events', fromBeginning, partitions: [{ partition: 3 }] }];
      expect(await this.cluster.fetchTopicsOffset(asked)).toBe(found);
    };
    const outcome = await commitEnds(resolve)
      .call(manager)
      .catch((thrown: unknown) => String(thrown));
    return { committed, forgotten, outcome };
  }

  it('that begins at its end has that committed at once, and where this fails it is looked for anew', async () => {
    const found = { topic: 'events', partitions: [{ partition: 3, offset: '10' }] };
    expect(await begin(false)).toEqual({ committed: [found], forgotten: [] });
    expect(await begin(false, () => Promise.reject(new Error('rebalancing')))).toEqual({
      ...{ committed: [], forgotten: [{ topic: 'events', partition: 3 }] },
      outcome: 'Error: rebalancing',
    });
  });

  it('that begins with its oldest event needs none', async () => {
    expect(await begin(true)).toEqual({ committed: [], forgotten: [] });
  });

  it('that is looked for by two at a time is found and committed once, where the first does not fail', async () => {
    async function beginTwice(outcomes: readonly ('found' | 'fails')[]) {
      const [committed, asked, ends]: [string[], string[], Record<string, string>] = [[], [], {}];
      const manager: OffsetManager = {
        resolvedOffsets: {},
        cluster: {
          async fetchTopicsOffset() {
            const place = asked.push('end');
            // The later is answered first.
            for (let turn = 0; turn < 20 / place; turn += 1) await Promise.resolve();
            if (outcomes[place - 1] === 'fails') throw new Error('no broker');
            return [{ topic: 'events', partitions: [{ partition: 3, offset: String(10 * place) }] }];
          },
        },
        nextOffset: () => '0',
        commitOffsets: ({ topics }) => Promise.resolve(void committed.push(topics[0]!.partitions[0]!.offset)),
        clearOffsets: () => undefined,
      };
      const resolve = commitEnds(async function () {
        if (ends['3'] !== undefined) return;
        const found = await this.cluster.fetchTopicsOffset([
          { topic: 'events', fromBeginning: false, partitions: [{ partition: 3 }] },
        ]);
        ends['3'] = found[0]!.partitions[0]!.offset;
      });
      const both = await Promise.allSettled([resolve.call(manager), resolve.call(manager)]);
      return { committed, outcomes: both.map(({ status }) => status) };
    }
    expect(await beginTwice(['found', 'found'])).toEqual({ committed: ['10'], outcomes: ['fulfilled', 'fulfilled'] });
    expect(await beginTwice(['fails', 'found'])).toEqual({ committed: ['20'], outcomes: ['rejected', 'fulfilled'] });
  });
});

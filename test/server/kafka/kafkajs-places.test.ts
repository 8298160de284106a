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
  /** What is committed where the client looks for a beginning, and what it takes for committed, then and in the end. */
  async function begin(fromBeginning: boolean, commit: () => Promise<void> = () => Promise.resolve()) {
    const [committed, taken, takenAtCommit]: [unknown[], unknown[], unknown[]] = [[], [], []];
    const found = [{ topic: 'events', partitions: [{ partition: 3, offset: '10' }] }];
    const manager: OffsetManager = {
      resolvedOffsets: {},
      cluster: { fetchTopicsOffset: () => Promise.resolve(found) },
      nextOffset: () => '0',
      async commitOffsets({ topics }) {
        await commit();
        takenAtCommit.push(...taken);
        committed.push(...topics);
      },
    };
    const resolve = async function (this: OffsetManager): Promise<void> {
      const asked = [{ topic: 'events', fromBeginning, partitions: [{ partition: 3 }] }];
      taken.push(...(await this.cluster.fetchTopicsOffset(asked)));
    };
    const outcome = await commitEnds(resolve)
      .call(manager)
      .catch((thrown: unknown) => String(thrown));
    return { committed, taken, takenAtCommit, outcome };
  }
  const FOUND = { topic: 'events', partitions: [{ partition: 3, offset: '10' }] };

  it('that begins at its end has that committed before the client takes it for its place, and where this fails it is looked for anew', async () => {
    expect(await begin(false)).toEqual({ committed: [FOUND], taken: [FOUND], takenAtCommit: [] });
    expect(await begin(false, () => Promise.reject(new Error('rebalancing')))).toEqual({
      ...{ committed: [], taken: [], takenAtCommit: [] },
      outcome: 'Error: rebalancing',
    });
  });

  it('whose end is committed by a generation that is over meanwhile is no fault: the client joins anew by what is thrown', async () => {
    const over = Object.assign(new Error('over'), { type: 'ILLEGAL_GENERATION' });
    const thrown: unknown[] = [];
    const manager: OffsetManager = {
      ...{ resolvedOffsets: {}, nextOffset: () => '0' },
      cluster: { fetchTopicsOffset: () => Promise.resolve([FOUND]) },
      commitOffsets: () => Promise.reject(over),
    };
    const resolve = async function (this: OffsetManager): Promise<void> {
      await this.cluster.fetchTopicsOffset([{ topic: 'events', fromBeginning: false, partitions: [{ partition: 3 }] }]);
    };
    await commitEnds(resolve)
      .call(manager)
      .catch((each: unknown) => thrown.push(each));
    expect(thrown).toMatchObject([{ type: 'REBALANCE_IN_PROGRESS', cause: over }]);
  });

  it('that begins with its oldest event needs none', async () => {
    expect(await begin(true)).toEqual({ committed: [], taken: [FOUND], takenAtCommit: [] });
  });

  it('that is looked for by two at a time is found and committed once, where the first does not fail', async () => {
    async function beginTwice(outcomes: readonly ('found' | 'fails')[]) {
      const [committed, asked, ends]: [string[], string[], Record<string, string>] = [[], [], {}];
      const cluster: OffsetManager['cluster'] = {
        async fetchTopicsOffset() {
          const place = asked.push('end');
          // The later is answered first.
          for (let turn = 0; turn < 20 / place; turn += 1) await Promise.resolve();
          if (outcomes[place - 1] === 'fails') throw new Error('no broker');
          return [{ topic: 'events', partitions: [{ partition: 3, offset: String(10 * place) }] }];
        },
      };
      // The client has another one each time that it joins the group.
      const managers = [1, 2].map((): OffsetManager => ({
        ...{ resolvedOffsets: {}, cluster, nextOffset: () => '0' },
        commitOffsets: ({ topics }) => Promise.resolve(void committed.push(topics[0]!.partitions[0]!.offset)),
      }));
      const resolve = commitEnds(async function () {
        if (ends['3'] !== undefined) return;
        const found = await this.cluster.fetchTopicsOffset([
          { topic: 'events', fromBeginning: false, partitions: [{ partition: 3 }] },
        ]);
        ends['3'] = found[0]!.partitions[0]!.offset;
      });
      const both = await Promise.allSettled(managers.map((manager) => resolve.call(manager)));
      return { committed, outcomes: both.map(({ status }) => status) };
    }
    expect(await beginTwice(['found', 'found'])).toEqual({ committed: ['10'], outcomes: ['fulfilled', 'fulfilled'] });
    expect(await beginTwice(['fails', 'found'])).toEqual({ committed: ['20'], outcomes: ['rejected', 'fulfilled'] });
  });
});

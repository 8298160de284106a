import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { openLane } from '../../../src/server/kafka/platformatic/transactions.ts';
import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';

const CONFIG = { groupId: 'group', topicIn: 'events', compression: 'none' } as const;

const protocolError = (name: string): Error => Object.assign(new Error(name), { apiId: name });

/** One id's coordinator and one partition's offset, as they are after a transaction that should have moved it to 7. */
function createCoordinator(transactionState: string) {
  const lane = { transactionalId: randomUUID(), partition: 0, topicsOut: ['scores', 'dead'] };
  const seen = { ends: [] as boolean[], added: [] as string[] };
  const state = {
    ...{ transactionState, producerEpoch: 3, committed: 5n, pending: 7n as bigint | undefined },
    /** So many ends more do not get to the offset; and whether openings take place without an answer. */
    ...{ losesEnds: 0, isSilent: false },
  };
  const answers: Readonly<Record<string, (...given: never[]) => unknown>> = {
    DescribeTransactions: () => ({ transactionStates: [{ producerId: 1n, ...state }] }),
    InitProducerId: () => {
      state.producerEpoch += 1;
      state.transactionState = 'Empty';
      if (state.isSilent) throw new Error('Connection closed');
      return { producerId: 1n, producerEpoch: state.producerEpoch };
    },
    AddOffsetsToTxn: () => seen.added.push('offsets'),
    EndTxn: (_id: never, _producer: never, _epoch: never, isCommit: boolean) => {
      seen.ends.push(isCommit);
      state.transactionState = isCommit ? 'CompleteCommit' : 'CompleteAbort';
      if (state.losesEnds-- > 0) return;
      if (isCommit) state.committed = state.pending ?? state.committed;
      state.pending = undefined;
    },
    OffsetFetch: () => {
      if (state.pending !== undefined) throw protocolError('UNSTABLE_OFFSET_COMMIT');
      const partitions = [{ partitionIndex: 0, committedOffset: state.committed }];
      return { groups: [{ topics: [{ partitions }] }] };
    },
  };
  const broker = { host: 'localhost', port: 1 };
  const wire = {
    ask: (name: string, _broker: unknown, ...given: never[]) => Promise.resolve().then(() => answers[name]!(...given)),
    askBy: (_api: unknown, _broker: unknown, request: { topics: { name: string; partitions: number[] }[] }[]) => {
      for (const { name, partitions } of request[0]!.topics) seen.added.push(`${name}:${partitions.join()}`);
      return Promise.resolve();
    },
    atCoordinator: (_kind: unknown, _key: unknown, work: (coordinator: typeof broker) => unknown) => work(broker),
    metadata: () => {
      const topics = Object.entries({ scores: 2, dead: 1 }).map(
        ([name, count]) => [name, { partitions: Array.from({ length: count }, () => ({})) }] as const,
      );
      return Promise.resolve({ topics: new Map(topics) });
    },
  } as unknown as Wire;
  return { open: () => openLane(wire, CONFIG, lane), seen, state };
}

describe('a lane that is opened', () => {
  it.each([
    ['CompleteCommit', true, 7n],
    ['PrepareCommit', true, 7n],
    ['CompleteAbort', false, 5n],
    ['Ongoing', false, 5n],
  ])('ends what came before as its coordinator says, in all partitions: %s', async (before, isCommit, committed) => {
    const { open, seen } = createCoordinator(before);
    expect(await open()).toMatchObject({ committed });
    expect(seen).toEqual({ ends: [isCommit], added: ['scores:0,1', 'dead:0', 'offsets'] });
  });

  it('ends nothing where nothing came before, and takes back what does not settle all the same', async () => {
    const settled = createCoordinator('Empty');
    settled.state.pending = undefined;
    expect(await settled.open()).toMatchObject({ committed: 5n });
    expect(settled.seen.ends).toEqual([]);
    const hanging = createCoordinator('Empty');
    expect(await hanging.open()).toMatchObject({ committed: 5n });
    expect(hanging.seen.ends).toEqual([false]);
  });

  it('keeps to its word where an end is lost once more', async () => {
    const { open, seen, state } = createCoordinator('CompleteCommit');
    state.losesEnds = 1;
    expect(await open()).toMatchObject({ committed: 7n });
    expect(seen.ends).toEqual([true, true]);
  });

  it('remembers what the broker forgets with an opening whose answer is lost, until somebody else opens it', async () => {
    for (const [others, isCommit] of [
      [0, true],
      [1, false],
    ] as const) {
      const { open, seen, state } = createCoordinator('CompleteCommit');
      state.isSilent = true;
      await expect(open()).rejects.toThrow('Connection closed');
      state.isSilent = false;
      state.producerEpoch += others;
      await open();
      expect(seen.ends).toEqual([isCommit]);
    }
  });

  it('remembers it over two such openings', async () => {
    const { open, seen, state } = createCoordinator('CompleteCommit');
    state.isSilent = true;
    await expect(open()).rejects.toThrow('Connection closed');
    await expect(open()).rejects.toThrow('Connection closed');
    state.isSilent = false;
    expect(await open()).toMatchObject({ committed: 7n });
    expect(seen.ends).toEqual([true]);
  });
});

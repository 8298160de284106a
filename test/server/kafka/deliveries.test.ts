import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { createTransactionalDeliveries } from '../../../src/server/kafka/deliveries.ts';
import type { OutboundMessage, TransactionalLane, TransactionalSession } from '../../../src/server/kafka/port.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { createBatch } from './memory-kafka.ts';

const message = (text: string): OutboundMessage => ({
  key: null,
  value: Buffer.from(text),
  headers: {},
  keylessPartition: 0,
});

/** A broker that keeps what is committed, shuts out all but the last session, and refuses the value "fat". */
function createMemoryTransactions() {
  const log: string[] = [];
  const state = { committed: undefined as bigint | undefined, opened: 0 };
  function openTransactionalSession({ transactionalId }: TransactionalLane): Promise<TransactionalSession> {
    const epoch = (state.opened += 1);
    let open: string[] = [];
    const check = () => {
      if (epoch !== state.opened) throw new AristarchError('UNAVAILABLE', `${transactionalId} is shut out`);
    };
    return Promise.resolve({
      committed: state.committed,
      async send(topic, messages) {
        check();
        await Promise.resolve();
        const values = messages.map(({ value }) => value!.toString());
        if (values.includes('fat')) throw new AristarchError('RESOURCE_EXHAUSTED', 'too large');
        open.push(...values.map((value) => `${topic}:${value}`));
      },
      async commit({ nextOffset }) {
        check();
        await Promise.resolve();
        log.push(...open);
        open = [];
        state.committed = nextOffset;
      },
      close: () => Promise.resolve(),
    });
  }
  return { log, state, client: { openTransactionalSession } };
}

const PLACES = { groupId: 'group', topicIn: 'events', topicsOut: ['out', 'dead'] };

describe('a transactional delivery', () => {
  it('commits what was sent and the offset together', async () => {
    const { log, state, client } = createMemoryTransactions();
    const batch = createBatch(['a', 'b']);
    const delivery = await createTransactionalDeliveries(client, PLACES).open(batch);
    expect(delivery.from).toBe(-1n);
    await delivery.send('out', [message('a')]);
    await delivery.send('dead', [message('b')]);
    expect(log).toEqual([]);
    expect(await delivery.commit(2n)).toBe('committed');
    expect(log).toEqual(['out:a', 'dead:b']);
    expect(state.committed).toBe(2n);
    expect(batch.committed).toEqual([]);
  });

  it('answers what is too large, and keeps the rest of the transaction', async () => {
    const { log, state, client } = createMemoryTransactions();
    const delivery = await createTransactionalDeliveries(client, PLACES).open(createBatch(['a']));
    await delivery.send('out', [message('first')]);
    const fat = message('fat');
    const refused = await delivery.send('out', [message('a'), message('b'), fat, message('c'), message('d')]);
    expect(refused).toEqual([fat]);
    await delivery.commit(6n);
    expect(log).toEqual(['out:first', 'out:a', 'out:b', 'out:c', 'out:d']);
    expect(state.committed).toBe(6n);
  });

  it('starts where the group is, when another member worked on the partition meanwhile', async () => {
    const { log, state, client } = createMemoryTransactions();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    const slow = await deliveries.open(createBatch(['a', 'b']));
    await slow.send('out', [message('a')]);
    await (await createTransactionalDeliveries(client, PLACES).open(createBatch(['a']))).commit(2n);
    await expect(slow.commit(2n)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect((await deliveries.open(createBatch(['a', 'b']))).from).toBe(2n);
    expect(log).toEqual([]);
    expect(state.committed).toBe(2n);
  });

  it('gives a transaction up when another member was at work between its parts', async () => {
    const { log, state, client } = createMemoryTransactions();
    const slow = await createTransactionalDeliveries(client, PLACES).open(createBatch(['a']));
    // A refusal makes it begin anew; meanwhile the other one has come and gone.
    state.committed = 7n;
    await expect(slow.send('out', [message('fat'), message('b')])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('"group-events-0" was worked on by another member meanwhile'),
    });
    expect(log).toEqual([]);
  });

  it('has one at a time: what an earlier one still sends is not committed with what the next one sends', async () => {
    const { log, client } = createMemoryTransactions();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    const earlier = await deliveries.open(createBatch(['a']));
    // On its way when the group is joined anew, and the batch comes once more.
    const sending = earlier.send('out', [message('a')]).catch((thrown: unknown) => thrown);
    const later = await deliveries.open(createBatch(['a']));
    await later.send('out', [message('a')]);
    expect(await sending).toMatchObject({ code: 'UNAVAILABLE' });
    await expect(earlier.send('out', [message('a')])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(earlier.commit(1n)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await later.commit(1n)).toBe('committed');
    expect(log).toEqual(['out:a']);
  });

  it('leaves no session behind where another delivery comes while it is opened', async () => {
    const { client } = createMemoryTransactions();
    let [opened, closed] = [0, 0];
    const openTransactionalSession = async (lane: TransactionalLane): Promise<TransactionalSession> => {
      opened += 1;
      const session = await client.openTransactionalSession(lane);
      return { ...session, close: () => Promise.resolve(void (closed += 1)) };
    };
    const deliveries = createTransactionalDeliveries({ ...client, openTransactionalSession }, PLACES);
    const [earlier, later] = [deliveries.open(createBatch(['a'])), deliveries.open(createBatch(['a']))];
    await expect(earlier).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await (await later).send('out', [message('a')]);
    expect([opened, closed]).toEqual([2, 1]);
  });

  it('leaves the next one alone, where it finds out that its partition was taken away', async () => {
    const { log, client } = createMemoryTransactions();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    const earlier = await deliveries.open({ ...createBatch(['a']), isOurs: () => false });
    const later = await deliveries.open(createBatch(['a']));
    await later.send('out', [message('a')]);
    expect(await earlier.commit(1n)).toBe('lost');
    expect(await later.commit(1n)).toBe('committed');
    expect(log).toEqual(['out:a']);
  });

  it('commits nothing for a partition that was taken away', async () => {
    const { log, client } = createMemoryTransactions();
    const delivery = await createTransactionalDeliveries(client, PLACES).open({
      ...createBatch(['a']),
      isOurs: () => false,
    });
    await delivery.send('out', [message('a')]);
    expect(await delivery.commit(1n)).toBe('lost');
    expect(log).toEqual([]);
  });

  it('does not take what a failed batch has left into the next one', async () => {
    const { log, client } = createMemoryTransactions();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    const failed = await deliveries.open(createBatch(['a']));
    await failed.send('out', [message('left behind')]);
    const next = await deliveries.open(createBatch(['a']));
    await next.send('out', [message('a')]);
    await next.commit(1n);
    expect(log).toEqual(['out:a']);
  });
});

describe('partitions that are ours', () => {
  /** Opens sessions when the test says so, the first of them with the faults that are given. */
  function createGate(faults: AristarchError[] = []) {
    const { client } = createMemoryTransactions();
    const opened: string[] = [];
    const waiting: (() => void)[] = [];
    let closed = 0;
    const openTransactionalSession = async (lane: TransactionalLane): Promise<TransactionalSession> => {
      opened.push(lane.transactionalId);
      await new Promise<void>((resolve) => waiting.push(resolve));
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return { ...(await client.openTransactionalSession(lane)), close: () => Promise.resolve(void (closed += 1)) };
    };
    const next = async (): Promise<void> => (await waitUntil('an opening', () => waiting.shift()))();
    return { client: { openTransactionalSession }, opened, next, closed: () => closed };
  }
  const fault = new AristarchError('UNAVAILABLE', 'a transaction does not end');

  it('are opened before any event comes, eight at a time, and a batch goes on with what was opened', async () => {
    const { client, opened, next } = createGate();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    const partitions = [...Array(10).keys()];
    deliveries.own(partitions);
    await waitUntil('the first', () => opened.length > 0);
    const delivering = deliveries.open(createBatch(['a']));
    expect(opened).toEqual(partitions.slice(0, 8).map((partition) => `group-events-${partition}`));
    for (let turn = 0; turn < partitions.length; turn += 1) await next();
    await delivering;
    expect(opened).toEqual(partitions.map((partition) => `group-events-${partition}`));
    await deliveries.close();
  });

  it('are opened at once where events come, whatever waits for its turn', async () => {
    const { client, opened, next } = createGate();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    deliveries.own([...Array(10).keys()]);
    await waitUntil('the first', () => opened.length > 0);
    const delivering = deliveries.open({ ...createBatch(['a']), partition: 9 });
    await waitUntil('the one with events', () => opened.includes('group-events-9'));
    expect(opened).toHaveLength(9);
    for (let turn = 0; turn < 9; turn += 1) await next();
    await delivering;
    await next();
    // Partition 8 is the last: 9 is open already.
    expect(opened.slice(8)).toEqual(['group-events-9', 'group-events-8']);
    await deliveries.close();
  });

  it('are tried again where they cannot be opened, which is told, and a batch waits for no such round', async () => {
    const { client, opened, next } = createGate([fault, fault]);
    const told: unknown[] = [];
    const onFault = (partition: number, error: AristarchError, delayMs: number) =>
      told.push([partition, error, delayMs >= 500 && delayMs <= 1_000]);
    const deliveries = createTransactionalDeliveries(client, { ...PLACES, onFault });
    deliveries.own([0, 1]);
    await next();
    await next();
    await waitUntil('both to be told', () => told.length === 2);
    expect(told).toEqual([
      [0, fault, true],
      [1, fault, true],
    ]);
    const delivering = deliveries.open(createBatch(['a']));
    await next();
    await delivering;
    // The other one alone is left for the next round.
    await next();
    expect(opened.map((id) => id.at(-1))).toEqual(['0', '1', '0', '1']);
    await deliveries.close();
  });

  it('leave no session behind that was opened when they were not ours any more', async () => {
    const { client, next, closed } = createGate();
    const deliveries = createTransactionalDeliveries(client, PLACES);
    deliveries.own([0]);
    const opening = next();
    deliveries.own([]);
    await opening;
    await waitUntil('it to be closed', () => closed() === 1);
    await deliveries.close();
  });
});

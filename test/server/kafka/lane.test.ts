import { expect, it } from '@jest/globals';
import { Lane } from '../../../src/server/kafka/lane.ts';
import type { TransactionalSession } from '../../../src/server/kafka/port.ts';
import { createGate } from '../../support/until.ts';
import { createBatch } from './memory-kafka.ts';

/** A lane whose sessions open when the gate does. */
function openLane() {
  const gate = createGate();
  const [opened, closed] = [{ count: 0 }, { count: 0 }];
  const session = {
    committed: undefined,
    send: () => Promise.resolve(),
    commit: () => Promise.resolve(),
    close: () => {
      closed.count++;
      return Promise.resolve();
    },
  } as unknown as TransactionalSession;
  const client = {
    openTransactionalSession: async () => {
      opened.count++;
      await gate.wait();
      return session;
    },
  };
  const lane = new Lane(client, { transactionalId: 'a' } as ConstructorParameters<typeof Lane>[1]);
  return { lane, gate, opened, closed };
}

it('a lane that has ended opens no session for a batch that comes late, which would shut the next owner’s out', async () => {
  const { lane, opened } = openLane();
  await lane.end();
  await expect(lane.open(createBatch(['{"x": 1}']), 1000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(opened.count).toBe(0);
});

it('a session that opens while its lane ends is closed', async () => {
  const { lane, gate, opened, closed } = openLane();
  const opening = lane.open(createBatch(['{"x": 1}']), 1000);
  const refused = expect(opening).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await Promise.resolve();
  await lane.end();
  gate.open();
  await refused;
  expect([opened.count, closed.count]).toEqual([1, 1]);
});

import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { KafkaClientConfig } from '../../../src/server/kafka/port.ts';
import { createMembership } from '../../../src/server/kafka/platformatic/membership.ts';
import { untilAborted } from '../../../src/server/kafka/platformatic/until-aborted.ts';
import type { Wire } from '../../../src/server/kafka/platformatic/wire.ts';

const CONFIG = { groupId: 'g', topicIn: 'events', sessionTimeoutMs: 6_000 } as KafkaClientConfig;

/** A coordinator that no longer knows the member, and notes what it is asked. */
function forgetfulWire(asked: string[], onAsk: () => void): Wire {
  return {
    atCoordinator: (_kind: string, _key: string, work: (broker: object) => Promise<unknown>) => work({}),
    ask: (name: string) => {
      asked.push(name);
      onAsk();
      return Promise.reject(Object.assign(new Error('unknown member'), { apiId: 'UNKNOWN_MEMBER_ID' }));
    },
  } as unknown as Wire;
}

describe('a member who waits for the others to join', () => {
  it('does not join once more, under a new name, after it was told to stop and has left', async () => {
    const asked: string[] = [];
    const stop = new AbortController();
    const wire = forgetfulWire(asked, () => {
      if (asked.length === 3) stop.abort();
    });
    const membership = createMembership(wire, CONFIG, { id: 'member-1' });
    await expect(membership.join(stop.signal)).rejects.toThrow('unknown member');
    expect(asked).toEqual(['JoinGroup', 'JoinGroup', 'JoinGroup']);
  });

  it('leaves nothing behind on the signal, however often the group deals anew', async () => {
    const { signal } = new AbortController();
    for (let join = 0; join < 20; join += 1) expect(await untilAborted(Promise.resolve(join), signal)).toBe(join);
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('is not waited for when the signal comes first, or came before', async () => {
    const stop = new AbortController();
    const waiting = untilAborted(new Promise(() => undefined), stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await untilAborted(Promise.resolve(1), stop.signal)).toBeUndefined();
  });
});

import type { KafkaClientConfig } from '../port.ts';
import { type Broker, Reader, Writer } from './engine.ts';
import { isLostMembership, protocolErrorsOf } from './faults.ts';
import type { Wire } from './wire.ts';

/** How long the group waits for its members to join anew: until then each finishes the batches at work. */
export const REBALANCE_TIMEOUT_MS = 60_000;

/** One dealing out of the partitions. */
export interface Generation {
  readonly id: number;
  readonly memberId: string;
  readonly partitions: readonly number[];
  /** Partitions that the input topic had then. */
  readonly partitionsCount: number;
}

/** What the group calls us; kept over connections that fail, so that a member who comes back is not waited for. */
export interface MemberName {
  /** Empty for none yet. */
  id: string;
}

export interface Membership {
  /**
   * Joins, or joins anew: resolves when the partitions are dealt out. Asks no more after the signal: a member who leaves is refused by its
   * old name, and as a new one, which nobody hears of again, it would hold up the group.
   */
  join(signal: AbortSignal): Promise<Generation>;
  /** 'rebalancing': join anew, once the batches at work are done; 'lost': others have our partitions already. */
  heartbeat(generation: Generation): Promise<'member' | 'rebalancing' | 'lost'>;
  commit(generation: Generation, partition: number, nextOffset: bigint): Promise<'committed' | 'lost'>;
  /** Over other connections, because joining may hold up our own. */
  leave(over: Wire): Promise<void>;
}

// Names and bytes as kafkajs has them, so that members of both clients can share a group while processes are replaced.
const PROTOCOL_TYPE = 'consumer';
const PROTOCOL = 'RoundRobinAssigner';
const PROTOCOL_VERSION = 1;

/**
 * The classic protocol of consumer groups, over the group's coordinator. The client's own consumer is not used: it joins anew at once
 * when the group rebalances, commits under the new membership what was read under the old one, and beats no more after a fault.
 */
export function createMembership(wire: Wire, config: KafkaClientConfig, member: MemberName): Membership {
  const { groupId, topicIn } = config;
  const atCoordinator = <T>(work: (broker: Broker) => Promise<T>) => wire.atCoordinator('group', groupId, work);
  return {
    async join(signal) {
      for (;;) {
        try {
          return await joinOnce(wire, config, member);
        } catch (thrown) {
          if (signal.aborted) throw thrown;
          // The broker gives a new member its name by refusing it once (KIP-394).
          const given = memberIdIn(thrown);
          const names = protocolErrorsOf(thrown);
          if (names.includes('UNKNOWN_MEMBER_ID')) member.id = '';
          else if (given !== undefined) member.id = given;
          else if (!isLostMembership(thrown)) throw thrown;
        }
      }
    },
    async heartbeat(generation) {
      try {
        await atCoordinator((broker) =>
          wire.ask('Heartbeat', broker, groupId, generation.id, generation.memberId, null),
        );
        return 'member';
      } catch (thrown) {
        if (!isLostMembership(thrown)) throw thrown;
        return protocolErrorsOf(thrown).includes('REBALANCE_IN_PROGRESS') ? 'rebalancing' : 'lost';
      }
    },
    async commit(generation, partition, nextOffset) {
      const done = { partitionIndex: partition, committedOffset: nextOffset, committedLeaderEpoch: -1 };
      const topics = [{ name: topicIn, partitions: [done] }];
      try {
        await atCoordinator((broker) =>
          wire.ask('OffsetCommit', broker, groupId, generation.id, generation.memberId, null, topics),
        );
        return 'committed';
      } catch (thrown) {
        if (!isLostMembership(thrown)) throw thrown;
        return 'lost';
      }
    },
    async leave(over) {
      const { id: memberId } = member;
      if (memberId === '') return;
      await over.atCoordinator('group', groupId, (broker) => over.ask('LeaveGroup', broker, groupId, [{ memberId }]));
    },
  };
}

/** Asks to join, deals the partitions out where that is our task, and hears which are ours. */
async function joinOnce(wire: Wire, config: KafkaClientConfig, member: MemberName): Promise<Generation> {
  const { groupId, topicIn, sessionTimeoutMs } = config;
  const atCoordinator = <T>(work: (broker: Broker) => Promise<T>) => wire.atCoordinator('group', groupId, work);
  const protocols = [{ name: PROTOCOL, metadata: toSubscription(topicIn) }];
  const times = [sessionTimeoutMs, Math.max(REBALANCE_TIMEOUT_MS, sessionTimeoutMs)] as const;
  const joined = await atCoordinator((broker) =>
    wire.ask('JoinGroup', broker, groupId, ...times, member.id, null, PROTOCOL_TYPE, protocols, null),
  );
  member.id = joined.memberId ?? '';
  const { id: memberId } = member;
  const { partitionsCount } = (await wire.metadata([topicIn], true)).topics.get(topicIn)!;
  const members = joined.members.map((member) => member.memberId);
  const dealt = joined.leader === memberId ? deal(topicIn, members, partitionsCount) : [];
  const { assignment } = await atCoordinator((broker) =>
    wire.ask('SyncGroup', broker, groupId, joined.generationId, memberId, null, PROTOCOL_TYPE, PROTOCOL, dealt),
  );
  const partitions = fromAssignment(assignment, topicIn);
  return { id: joined.generationId, memberId, partitions, partitionsCount };
}

function memberIdIn(thrown: unknown): string | undefined {
  if (!protocolErrorsOf(thrown).includes('MEMBER_ID_REQUIRED')) return undefined;
  const response: unknown = thrown instanceof Error && 'response' in thrown ? thrown.response : undefined;
  const given = typeof response === 'object' && response !== null && 'memberId' in response ? response.memberId : '';
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** Bytes of a subscription and of an assignment: version, topics (with partitions), no data of our own. */
function toSubscription(topic: string): Buffer {
  return Writer.create()
    .appendInt16(PROTOCOL_VERSION)
    .appendArray([topic], (writer, name) => void writer.appendString(name, false), false, false)
    .appendInt32(0).buffer;
}

/** The leader's task: partition by partition, member by member. */
function deal(topic: string, memberIds: readonly string[], partitionsCount: number) {
  const sorted = memberIds.toSorted();
  const all = [...Array(partitionsCount).keys()];
  return sorted.map((memberId, place) => {
    const partitions = all.filter((partition) => partition % sorted.length === place);
    return { memberId, assignment: toAssignment(topic, partitions) };
  });
}

function toAssignment(topic: string, partitions: readonly number[]): Buffer {
  return Writer.create()
    .appendInt16(PROTOCOL_VERSION)
    .appendArray(
      [partitions],
      (writer, some) =>
        void writer
          .appendString(topic, false)
          .appendArray([...some], (inner, partition) => void inner.appendInt32(partition), false, false),
      false,
      false,
    )
    .appendInt32(0).buffer;
}

function fromAssignment(bytes: Buffer, topicIn: string): number[] {
  if (bytes.length === 0) return [];
  const reader = Reader.from(bytes);
  reader.skip(2);
  const topics = reader.readArray(
    (each) => ({
      topic: each.readString(false),
      partitions: each.readArray((inner) => inner.readInt32(), false, false),
    }),
    false,
    false,
  );
  return topics.find(({ topic }) => topic === topicIn)?.partitions ?? [];
}

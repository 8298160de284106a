import type { KafkaClientConfig, PartitionOffsets } from '../port.ts';
import { patiently, type Wire } from './wire.ts';

/** Kafka's own numbers for the ends of a partition. */
const ENDS = { earliest: -2n, latest: -1n } as const;
const READ_UNCOMMITTED = 0;
const NO_REPLICA = -1;
/** The group's offsets are asked for from outside of it. */
const NO_MEMBER = -1;

export type End = keyof typeof ENDS;

/** Where the partitions of a topic begin or end. */
export async function readEnds(wire: Wire, topic: string, end: End): Promise<Map<number, bigint>> {
  return patiently(async () => {
    const { topics, brokers } = await wire.metadata([topic], true);
    const { partitions } = topics.get(topic)!;
    const leaders = [...new Set(partitions.map(({ leader }) => leader))];
    const answers = leaders.map((leader) => {
      const asked = [...partitions.entries()]
        .filter(([, partition]) => partition.leader === leader)
        .map(([partitionIndex, { leaderEpoch: currentLeaderEpoch }]) => {
          return { partitionIndex, currentLeaderEpoch, timestamp: ENDS[end] };
        });
      const request = [{ name: topic, partitions: asked }];
      return wire.ask('ListOffsets', brokers.get(leader), NO_REPLICA, READ_UNCOMMITTED, request);
    });
    const all = (await Promise.all(answers)).flatMap((answer) => answer.topics);
    return new Map(all.flatMap((each) => each.partitions).map((each) => [each.partitionIndex, each.offset]));
  });
}

/**
 * The group's offsets; absent where it has committed none. With `settled`, what a transaction is about to move is waited for
 * (KIP-447's "require stable").
 */
export async function readCommitted(
  wire: Wire,
  { groupId, topicIn }: Pick<KafkaClientConfig, 'groupId' | 'topicIn'>,
  partitions: readonly number[],
  { settled }: { readonly settled: boolean },
): Promise<Map<number, bigint>> {
  const topics = [{ name: topicIn, partitionIndexes: [...partitions] }];
  const request = [{ groupId, memberId: null, memberEpoch: NO_MEMBER, topics }];
  const { groups } = await wire.atCoordinator('group', groupId, (broker) =>
    wire.ask('OffsetFetch', broker, request, settled),
  );
  const found = groups.flatMap((group) => group.topics).flatMap((topic) => topic.partitions);
  const offsets = found.filter(({ committedOffset }) => committedOffset >= 0n);
  return new Map(offsets.map((each) => [each.partitionIndex, each.committedOffset]));
}

export async function readOffsets(wire: Wire, config: KafkaClientConfig): Promise<PartitionOffsets[]> {
  const { topicIn } = config;
  const [lows, highs] = await Promise.all([readEnds(wire, topicIn, 'earliest'), readEnds(wire, topicIn, 'latest')]);
  const committed = await readCommitted(wire, config, [...highs.keys()], { settled: false });
  return [...highs].map(([partition, high]) => {
    return { partition, low: lows.get(partition) ?? 0n, high, committed: committed.get(partition) };
  });
}

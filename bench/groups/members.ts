import { waitUntil } from '../../test/support/wait-until.ts';
import { type ServeProcess, startServeProcess } from '../../test/support/serve-process.ts';
import { PARTITIONS, type Stage } from './result.ts';

export interface Topics {
  readonly topicIn: string;
  readonly topicOut: string;
  readonly group: string;
}

export async function createTopics({ client, id }: Stage, name: string): Promise<Topics> {
  const [topicIn, topicOut] = [`events-${name}-${id}`, `scores-${name}-${id}`];
  for (const topic of [topicIn, topicOut, deadLetterOf(topicIn)]) await client.createTopic(topic, PARTITIONS);
  return { topicIn, topicOut, group: `group-${name}-${id}` };
}

const deadLetterOf = (topic: string): string => `${topic}-refused`;

/** Starts so many members of a group, and waits until they share the partitions. */
export async function startMembers(stage: Stage, topics: Topics, count: number): Promise<ServeProcess[]> {
  const flags = [
    ...['--model', stage.model, '--kafka-brokers', stage.broker, '--kafka-group-id', topics.group],
    ...['--topic-in', topics.topicIn, '--topic-out', topics.topicOut, '--dead-letter', deadLetterOf(topics.topicIn)],
    // How soon a member that was killed is missed.
    ...['--kafka-session-timeout-ms', '6000', '--log-level', 'error'],
  ];
  const members = await Promise.all(Array.from({ length: count }, () => startServeProcess(...flags)));
  await waitUntil(
    `${count} members`,
    async () => {
      const { groups } = await stage.client.admin.describeGroups([topics.group]);
      return groups[0]?.state === 'Stable' && groups[0].members.length === count;
    },
    60_000,
  );
  return members;
}

/** Messages that a topic holds, all partitions together. */
export async function countMessages({ client }: Stage, topic: string): Promise<number> {
  const offsets = await client.admin.fetchTopicOffsets(topic);
  return offsets.reduce((sum, { offset }) => sum + Number(offset), 0);
}

export interface Tally {
  readonly missing: number;
  readonly doubled: number;
}

/** How many of `events` events have no result, and how many results are twins. */
export async function countResults({ client }: Stage, topic: string, events: number): Promise<Tally> {
  const results = await client.readAll(topic, { timeoutMs: 120_000 });
  const ids = new Set(results.map(({ value }) => (JSON.parse(value!.toString()) as { resultId: string }).resultId));
  return { missing: events - ids.size, doubled: results.length - ids.size };
}

/** What the members have used, as their own metrics say: CPU time together, and the largest memory. */
export async function usageOf(members: readonly ServeProcess[]): Promise<{ cpuSeconds: number; residentMiB: number }> {
  const texts = await Promise.all(
    members.map(async ({ addresses }) => (await fetch(`http://${addresses.http}/metrics`)).text()),
  );
  const read = (text: string, name: string): number => {
    const found = new RegExp(`^aristarch_${name} (\\S+)$`, 'm').exec(text);
    if (found === null) throw new Error(`there is no metric aristarch_${name}`);
    return Number(found[1]);
  };
  return {
    cpuSeconds: texts.reduce((sum, text) => sum + read(text, 'process_cpu_seconds_total'), 0),
    residentMiB: Math.max(...texts.map((text) => read(text, 'process_resident_memory_bytes'))) / 2 ** 20,
  };
}

import { once } from 'node:events';
import { Admin, FetchIsolationLevels } from '@platformatic/kafka';
import type { KafkaLab } from './kafka-lab.ts';
import type { KafkaLoad } from './kafka-load.ts';
import type { Topics } from './kafka-scoring.ts';
import { waitUntil } from './wait-until.ts';
import type { Service } from './worker-processes.ts';

/** The command `serve` under load, which is to be ended. */
export interface Endings {
  readonly lab: KafkaLab;
  readonly topics: Topics;
  readonly load: KafkaLoad;
  readonly exactlyOnce: boolean;
  /** A fresh process. */
  readonly start: () => Promise<Service>;
}

const WORK_MS = 120_000;

/**
 * Kills the command again and again when it has written results that do not count yet, so that it is between the first result of a batch
 * and its commit. To hit that it is frozen, looked at from outside, and let go on or killed as it is; what was on its way to the broker by then
 * may have committed all the same, and such a kill does not count. Exactly once: whenever it is frozen without a transaction, readers of committed messages see the results of what is committed, and no other. The last
 * process does what is left.
 */
export async function killAgainAndAgain(endings: Endings, kills: number): Promise<void> {
  const { load, exactlyOnce, start } = endings;
  const outside = await lookFromOutside(endings);
  try {
    for (let kill = 0; kill < kills;) {
      const uncommitted = exactlyOnce ? outside.inTransactions : outside.written;
      const before = exactlyOnce ? 0 : await uncommitted();
      const { primary } = await start();
      await waitForWork(load);
      await waitUntil(
        'the process to be in the middle of a batch',
        async () => {
          await load.fill();
          primary.kill('SIGSTOP');
          if ((await uncommitted()) > before) return true;
          if (exactlyOnce && (await uncommitted()) === 0) await outside.agreement();
          primary.kill('SIGCONT');
          return false;
        },
        WORK_MS,
      );
      primary.kill('SIGKILL');
      await once(primary, 'exit');
      await outside.forgetMembers();
      if ((await uncommitted()) > before) kill += 1;
    }
  } finally {
    await outside.close();
  }
  await doTheRest(endings);
}

/** Asks the command to end again and again while events wait; answers with what the processes ended. */
export async function terminateAgainAndAgain(endings: Endings, times: number): Promise<readonly (number | string)[]> {
  const { load, start } = endings;
  const statuses: (number | string)[] = [];
  for (let time = 0; time < times; time += 1) {
    const { primary, ended } = await start();
    await waitForWork(load);
    await load.fill();
    primary.kill('SIGTERM');
    statuses.push(await ended);
    if (await load.isDone()) throw new Error('the process has ended for want of events: let more of them wait');
  }
  return [...statuses, await doTheRest(endings)];
}

/** In each partition something of what this process has done is committed. */
async function waitForWork(load: KafkaLoad): Promise<void> {
  const before = await load.committed();
  const hasBegun = async (): Promise<boolean> => {
    await load.fill();
    return (await load.committed()).every((offset, partition) => offset > before[partition]!);
  };
  await waitUntil('the process to be at work', hasBegun, WORK_MS);
}

async function doTheRest({ load, start }: Endings): Promise<number | string> {
  const { primary, ended } = await start();
  await waitUntil('all to be committed', () => load.isDone(), WORK_MS);
  primary.kill('SIGTERM');
  return ended;
}

/** What a broker tells whoever asks. */
async function lookFromOutside({ lab, load, topics: { topicIn, topicOut, deadLetterTopic, groupId } }: Endings) {
  const admin = new Admin({ clientId: 'outside', bootstrapBrokers: [lab.broker.address] });
  const out = [topicOut, deadLetterTopic];
  const reader = await lab.client.follow(out);
  const { topics } = await admin.metadata({ topics: [topicIn, topicOut, deadLetterTopic] });
  async function ends(names: readonly string[], level: keyof typeof FetchIsolationLevels) {
    const asked = names.map((name) => ({
      ...{
        name,
        partitions: [...topics.get(name)!.partitions.keys()].map((partitionIndex) => ({
          partitionIndex,
          timestamp: -1n,
        })),
      },
    }));
    const answers = await admin.listOffsets({ topics: asked, isolationLevel: FetchIsolationLevels[level] });
    return answers.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, offset }) => ({ topic, partition, offset: Number(offset) })),
    );
  }
  async function countUpTo(level: keyof typeof FetchIsolationLevels): Promise<number> {
    return (await ends(out, level)).reduce((total, { offset }) => total + offset, 0);
  }
  const committed = async (): Promise<number> => (await load.committed()).reduce((total, each) => total + each, 0);
  /** The reader has come to where the broker lets nobody read on. */
  async function hasReadAll(): Promise<boolean> {
    const all = await ends(out, 'READ_COMMITTED');
    return all.every(({ topic, partition, offset }) => reader.reached(topic, partition) >= offset);
  }
  return {
    /** Messages from the first one on that readers of committed messages may not see yet. */
    inTransactions: async () => (await countUpTo('READ_UNCOMMITTED')) - (await countUpTo('READ_COMMITTED')),
    /** Results and letters beyond those of events that are committed: twins, and what may become some. */
    written: async () => (await countUpTo('READ_UNCOMMITTED')) - (await committed()),
    /** A result, or a letter, of each event that is committed can be read, and no other, once the reader has come to the end. */
    async agreement(): Promise<void> {
      const isSo = async (): Promise<boolean> => (await hasReadAll()) && reader.count() === (await committed());
      await waitUntil('readers to see the results of what is committed, and no other', isSo, WORK_MS);
    },
    /** A member that was killed is missed when its session has run out: tests need not wait for that. */
    forgetMembers: () => admin.removeMembersFromConsumerGroup({ groupId }),
    async close(): Promise<void> {
      await Promise.all([admin.close(), reader.close()]);
    },
  };
}

import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { createGroup } from '../../support/kafka-group.ts';
import { createGate, hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { createLoad } from '../../support/kafka-load.ts';
import { spawnScoring } from '../../support/kafka-scoring-child.ts';
import { waitUntil } from '../../support/wait-until.ts';

const PARTITIONS = 6;
/** One and five members, and all in between. */
const STEPS = [
  'join',
  'join',
  'join',
  'leave',
  'join',
  'join',
  'join',
  'leave',
  'leave',
  'join',
  'leave',
  'leave',
] as const;

export function rebalance(lab: KafkaLab): void {
  describe('rebalance', () => {
    it('a batch at work is finished and committed before its partition may move: no twins', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      await lab.client.produce(topics.topicIn, numberEvents(50));
      const gate = createGate();
      await lab.startScoring(topics, { before: gate.pass });
      await gate.reached;
      const joining = lab.startScoring(topics);
      await waitUntil('the group to rebalance', async () => {
        const { groups } = await lab.client.admin.describeGroups([topics.groupId]);
        return groups[0]?.state === 'PreparingRebalance';
      });
      gate.open();
      await joining;
      await lab.client.produce(topics.topicIn, numberEvents(50, 50));
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(100)));
      expect(results.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 100 }, (_, i) => i),
      );
    });

    it.each([false, true])(
      'once a member hears that the group is dealt anew it begins no slice of what it has fetched, and nothing is lost or twice (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics();
        await lab.client.produce(topics.topicIn, numberEvents(200));
        const gate = createGate();
        const config = { maxBatchEvents: 10, exactlyOnce };
        let begun = 0;
        const begunAtJoins: number[] = [];
        let hasHeard = false;
        const write = (line: string): void => {
          if (line.includes('joined the Kafka consumer group')) begunAtJoins.push(begun);
          hasHeard ||= line.includes('the Kafka consumer group is rebalancing');
        };
        await lab.startScoring(topics, {
          ...{ config, log: pino({ level: 'info' }, { write }) },
          before: () => {
            begun += 1;
            return gate.pass();
          },
        });
        await gate.reached;
        const joining = lab.startScoring(topics, { config });
        await waitUntil('the member to hear of it', () => hasHeard, 60_000);
        gate.open();
        await joining;
        await waitUntil('the member to join anew', () => begunAtJoins.length > 1, 60_000);
        // The one at its model when it heard.
        expect(begunAtJoins.slice(0, 2)).toEqual([0, 1]);
        const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(200)));
        expect(results.map(({ score }) => score)).toEqual([...Array(200).keys()]);
      },
      240_000,
    );

    it.each([false, true])(
      'a member that was frozen and thrown out commits nothing of what it lost (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics();
        await lab.client.produce(topics.topicIn, numberEvents(10));
        const orders = {
          client: lab.clientName,
          broker: lab.broker.address,
          topics,
          maxBatchEvents: 10,
          scoreMs: 500,
          exactlyOnce,
        };
        const frozen = spawnScoring(orders);
        lab.onClose(() => frozen.kill());
        await frozen.logged('scoring 10 rows');
        frozen.signal('SIGSTOP');
        await lab.client.produce(topics.topicIn, numberEvents(10, 10));
        const heir = await lab.startScoring(topics, { config: { exactlyOnce } });
        const committed = async () => (await lab.client.committed(topics.groupId, topics.topicIn)).get(0);
        await waitUntil('the heir to have committed all', async () => (await committed()) === 20);
        await heir.stop();
        frozen.signal('SIGCONT');
        await frozen.logged(exactlyOnce ? 'Kafka partition ' : 'the partition moved to another member');
        expect(await committed()).toBe(20);
        const results = toResults(await lab.client.readAll(topics.topicOut));
        expect(new Set(results.map(({ resultId }) => resultId)).size).toBe(20);
        expect(results.length).toBe(exactlyOnce ? 20 : 30);
      },
    );

    it.each([false, true])(
      'members join and leave while each has events in flight: all have their results, in order, and none two (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics({ partitions: PARTITIONS });
        const toValue = (x: number): string => JSON.stringify({ x });
        const load = createLoad(lab, topics, { partitions: PARTITIONS, toValue });
        const group = createGroup(lab, topics, { exactlyOnce });
        const endLoad = load.keepFull();
        for (const step of STEPS) await group[step]();
        await endLoad();
        await waitUntil('all to be committed', () => load.isDone(), 120_000);
        // Of each member that was there, when another one came or it left itself.
        expect(group.inFlight).toHaveLength(STEPS.length - 1);
        for (const counts of group.inFlight) for (const count of counts) expect(count).toBeGreaterThan(0);
        expect(await group.close()).toEqual([]);
        const messages = await lab.client.readAll(topics.topicOut);
        const scores = toResults(messages).map(({ score }) => score);
        expect(scores.toSorted((a, b) => a - b)).toEqual([...Array(load.made).keys()]);
        for (const name of new Set(messages.map(({ key }) => String(key)))) {
          const ofKey = toResults(messages.filter(({ key }) => String(key) === name)).map(({ score }) => score);
          expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
        }
      },
      600_000,
    );
  });
}

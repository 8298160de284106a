import { expect, it } from '@jest/globals';
import { get } from '../support/http-client.ts';
import { createKafkaLab } from '../support/kafka-lab.ts';
import { createModelFolderFixture } from '../support/model-folder.ts';
import { needs } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createWorkersFixture } from '../support/worker-processes.ts';

const serve = createWorkersFixture();
const createFolder = createModelFolderFixture();

/** Their score is their amount. */
const toEvents = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({
    key: `key-${from + at}`,
    value: JSON.stringify({ amount: from + at, colour: 'red', paid: false }),
  }));

needs('broker').describe('workers that score from Kafka', () => {
  const lab = createKafkaLab('kafkajs');

  it('are ready once all have joined the group, share its partitions, and lose no event with one of them', async () => {
    const { topicIn, topicOut, deadLetterTopic, groupId } = await lab.createTopics({ partitions: 2 });
    const model = await (await createFolder()).write('pumps', '1', 1);
    const kafka = ['--kafka-brokers', lab.broker.address, '--kafka-group-id', groupId, '--kafka-start-at', 'earliest'];
    const topics = ['--topic-in', topicIn, '--topic-out', topicOut, '--dead-letter', deadLetterTopic];
    const timeout = ['--kafka-session-timeout-ms', '6000'];
    const service = await serve('--workers', '2', '--model', model, '--device', 'cpu', ...kafka, ...topics, ...timeout);
    // The last one to join makes the group deal anew, in which for a moment nobody has its share.
    await waitUntil('the group to have dealt', async () => (await get(service.http, '/readyz')).status === 200, 60_000);
    const { members } = (await lab.client.admin.describeGroups([groupId])).groups[0]!;
    expect(members).toHaveLength(2);

    const scored = async (count: number): Promise<number[]> => {
      const isAll = (values: readonly { value: Buffer | null }[]) => new Set(toScores(values)).size >= count;
      return toScores(await lab.client.readUntil(topicOut, isAll, 90_000));
    };
    await lab.client.produce(topicIn, toEvents(0, 200));
    // Once each, as long as nobody is lost.
    expect((await scored(200)).sort((a, b) => a - b)).toEqual([...Array(200).keys()]);
    const [lost] = service.workers();
    process.kill(lost!, 'SIGKILL');
    await lab.client.produce(topicIn, toEvents(200, 200));
    expect(new Set(await scored(400))).toEqual(new Set(Array(400).keys()));
    await waitUntil(
      'the worker in its place to have joined',
      async () => (await get(service.http, '/readyz')).status === 200,
      90_000,
    );
    expect(await lab.client.readAll(deadLetterTopic)).toEqual([]);
  }, 240_000);
});

function toScores(messages: readonly { value: Buffer | null }[]): number[] {
  return messages.map(({ value }) => (JSON.parse(String(value)) as { score: number }).score);
}

import { describe, expect, it } from '@jest/globals';
import { createReplayCommand } from '../../../src/server/replay-command.ts';
import { hasScores, type KafkaLab, numberEvents } from '../../support/kafka-lab.ts';
import type { Topics } from '../../support/kafka-scoring.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';

export function replay(lab: KafkaLab): void {
  describe('replay', () => {
    async function run(topics: Topics, ...more: string[]): Promise<unknown> {
      const terminal = createListeningTerminal();
      const args = ['--kafka-brokers', lab.broker.address, '--dead-letter', topics.deadLetterTopic];
      await createReplayCommand(terminal).parseAsync([...args, '--topic-in', topics.topicIn, '--json', ...more], {
        from: 'user',
      });
      if (terminal.err().includes('"error"')) throw new Error(terminal.err());
      return JSON.parse(terminal.out());
    }

    it('sends each dead letter again once, as it came, however often it is run; what is refused again is counted', async () => {
      const topics = await lab.createTopics();
      const scoring = await lab.startScoring(topics, { config: { maxEventBytes: 10 } });
      const large = { key: 'large', value: '{"x": 12345.5}', headers: { trace: 't' } };
      const bad = { key: 'bad', value: 'no JSON', headers: { trace: 'u' } };
      await lab.client.produce(topics.topicIn, [...numberEvents(5), large, bad]);
      await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 2);
      await scoring.stop();

      const none = { replayed: 0, otherTopic: 0, otherReason: 0, bytesGone: 0 };
      expect(await run(topics, '--dry-run')).toEqual({ ...none, replayed: 2 });
      const chosen = ['--reasons', 'RESOURCE_EXHAUSTED'];
      expect(await run(topics, ...chosen)).toEqual({ ...none, replayed: 1, otherReason: 1 });
      expect(await run(topics, ...chosen)).toEqual(none);

      await lab.startScoring(topics);
      const results = await lab.client.readUntil(topics.topicOut, hasScores(6));
      expect(results.at(-1)).toMatchObject({
        key: Buffer.from('large'),
        headers: { trace: 't', 'aristarch-replays': '1' },
      });
      expect(await run(topics, '--reasons', 'INVALID_INPUT')).toEqual({ ...none, replayed: 1, otherReason: 1 });
      const letters = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 3);
      expect(letters[2]).toMatchObject({
        value: Buffer.from('no JSON'),
        headers: { trace: 'u', 'aristarch-replays': '1' },
      });
    });

    it('says what is missing', async () => {
      const topics = await lab.createTopics();
      await expect(run({ ...topics, deadLetterTopic: 'nowhere' })).rejects.toThrow(/Kafka has no topic \\"nowhere\\"/);
      await expect(run(topics, '--reasons', 'BAD_LUCK')).rejects.toThrow(/codes of docs\/errors.md are needed/);
    });
  });
}

import { describe, expect, it } from '@jest/globals';
import { type KafkaLab, toResults } from '../../support/kafka-lab.ts';

const BAD = [
  { value: 'no JSON', code: 'INVALID_INPUT', says: /not JSON/ },
  { value: '[1, 2]', code: 'INVALID_INPUT', says: /an array, not a JSON object/ },
  { value: null, code: 'INVALID_INPUT', says: /tombstone/ },
  { value: Buffer.from([0x22, 0xff, 0x22]), code: 'INVALID_INPUT', says: /not UTF-8/ },
  { value: '{"x": "text"}', code: 'SCHEMA_MISMATCH', says: /field "x" must be a number/ },
  { value: '{"y": 1}', code: 'SCHEMA_MISMATCH', says: /field "x" must be a number/ },
  { value: `{"x": 1, "pad": "${'.'.repeat(2_000)}"}`, code: 'RESOURCE_EXHAUSTED', says: /more than 1000/ },
] as const;

export function deadLetter(lab: KafkaLab): void {
  describe('dead letter', () => {
    it('bad events keep key, bytes and headers and say why; the good ones among them are scored', async () => {
      const topics = await lab.createTopics();
      const scoring = await lab.startScoring(topics, { config: { maxEventBytes: 1000 } });
      const bad = BAD.map(({ value }, i) => ({ key: `bad-${i}`, value, headers: { trace: `t-${i}` } }));
      const good = { key: 'good', value: '{"x": 3}' };
      await lab.client.produce(topics.topicIn, [good, ...bad, good]);
      const letters = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length >= bad.length);
      BAD.forEach(({ value, code, says }, i) => {
        const letter = letters.find(({ key }) => key?.toString() === `bad-${i}`);
        expect(letter?.value).toEqual(value === null ? null : Buffer.from(value));
        expect(letter?.headers).toEqual({
          trace: `t-${i}`,
          'aristarch-error-code': code,
          'aristarch-error-message': expect.stringMatching(says),
          'aristarch-source-topic': topics.topicIn,
          'aristarch-source-partition': '0',
          'aristarch-source-offset': String(i + 1),
        });
      });
      const results = toResults(await lab.client.readUntil(topics.topicOut, ({ length }) => length >= 2));
      expect(results.map(({ source }) => source.offset)).toEqual([0, bad.length + 1]);
      await scoring.stop();
      expect(await lab.client.committed(topics.groupId, topics.topicIn)).toEqual(new Map([[0, bad.length + 2]]));
      expect((await scoring.metrics.render()).body).toContain(
        'aristarch_kafka_dead_letters_total{reason="SCHEMA_MISMATCH"} 2',
      );
    });
  });
}

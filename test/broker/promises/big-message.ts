import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { KafkaLab } from '../../support/kafka-lab.ts';

const MIB = 1024 * 1024;

export function bigMessage(lab: KafkaLab): void {
  describe('big message', () => {
    it('larger than the dead-letter topic takes: hash and length stand for the value', async () => {
      const topics = await lab.createTopics({ inConfig: { 'max.message.bytes': String(3 * MIB) } });
      await lab.startScoring(topics);
      const value = JSON.stringify({ x: 1, pad: '.'.repeat(2 * MIB) });
      await lab.client.produce(topics.topicIn, [{ key: 'big', value, headers: { trace: 't' } }]);
      await lab.client.produce(topics.topicIn, [{ key: 'small', value: '{"x": 2}' }]);
      const [letter] = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 1);
      expect(letter).toMatchObject({ key: Buffer.from('big'), value: null });
      expect(letter!.headers).toMatchObject({
        trace: 't',
        'aristarch-error-code': 'RESOURCE_EXHAUSTED',
        'aristarch-dropped': 'value',
        'aristarch-value-sha256': createHash('sha256').update(value).digest('hex'),
        'aristarch-value-bytes': String(value.length),
      });
      const [result] = await lab.client.readUntil(topics.topicOut, ({ length }) => length === 1);
      expect(result!.key!.toString()).toBe('small');
    });

    it.each([false, true])(
      'with headers that are larger than the topics take: the result becomes a dead letter that has only our own headers (exactly once: %s)',
      async (exactlyOnce) => {
        const topics = await lab.createTopics({
          inConfig: { 'max.message.bytes': String(3 * MIB) },
          outConfig: { 'max.message.bytes': '20000' },
        });
        await lab.startScoring(topics, { config: { exactlyOnce } });
        await lab.client.produce(topics.topicIn, [
          { key: 'fits', value: '{"x": 1}' },
          { key: 'fat', value: '{"x": 2}', headers: { fat: '.'.repeat(30_000) } },
          { key: 'fits', value: '{"x": 3}' },
        ]);
        await lab.client.produce(topics.topicIn, [
          { key: 'fattest', value: '{"x": 4}', headers: { fat: '.'.repeat(2 * MIB) } },
        ]);
        const letters = await lab.client.readUntil(topics.deadLetterTopic, ({ length }) => length === 2);
        const fat = letters.find(({ headers }) => headers['aristarch-source-offset'] === '1');
        expect(fat?.headers['aristarch-error-message']).toMatch(
          /larger than topic "scores-.*" takes.*max\.message\.bytes/,
        );
        expect(fat?.value?.toString()).toBe('{"x": 2}');
        const fattest = letters.find(({ headers }) => headers['aristarch-source-offset'] === '3');
        expect(fattest).toMatchObject({ key: null, value: null });
        expect(fattest?.headers).toMatchObject({
          'aristarch-dropped': 'value, key, headers',
          'aristarch-value-bytes': '8',
        });
        const results = await lab.client.readAll(topics.topicOut);
        expect(results.map(({ key }) => key?.toString())).toEqual(['fits', 'fits']);
      },
    );
  });
}

import { describe, expect, it } from '@jest/globals';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';

/**
 * The broker is the second implementation: its topic's `compression.type` makes it, in Java, read the batches that it is
 * given in one compression and write them in another.
 */
export function compression(lab: KafkaLab): void {
  describe('compression', () => {
    it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
      '%s: events that Java compressed are read, and Java reads the results',
      async (name) => {
        const topics = await lab.createTopics({
          inConfig: { 'compression.type': name },
          outConfig: { 'compression.type': name === 'gzip' ? 'uncompressed' : 'gzip' },
        });
        await lab.client.produce(topics.topicIn, numberEvents(500));
        const scoring = await lab.startScoring(topics, { config: { compression: name } });
        const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(500)));
        expect(results.map(({ score }) => score)).toEqual(Array.from({ length: 500 }, (_, i) => i));
        expect(scoring.fatal).toEqual([]);
      },
    );

    it('batches that become too much together are read one by one, and nothing is lost', async () => {
      const topics = await lab.createTopics({ inConfig: { 'compression.type': 'gzip' } });
      // Each becomes 40 MiB: three are more than is looked at together, and all have room in one fetch.
      const padding = ' '.repeat(800 * 1024);
      const bombs = Array.from({ length: 8 }, (_, batch) =>
        Array.from({ length: 50 }, (_, i) => ({
          key: 'k',
          value: `${padding}${JSON.stringify({ x: 50 * batch + i })}`,
        })),
      );
      for (const messages of bombs) await lab.client.produce(topics.topicIn, messages, 'gzip');
      const scoring = await lab.startScoring(topics);
      const results = toResults(await lab.client.readUntil(topics.topicOut, hasScores(400), 150_000));
      expect(results.map(({ score }) => score)).toEqual(Array.from({ length: 400 }, (_, i) => i));
      expect(scoring.fatal).toEqual([]);
    }, 180_000);
  });
}

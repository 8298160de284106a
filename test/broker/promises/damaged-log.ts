import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { hasScores, type KafkaLab, numberEvents, toResults } from '../../support/kafka-lab.ts';
import { waitUntil } from '../../support/wait-until.ts';

export function damagedLog(lab: KafkaLab): void {
  describe('damaged log', () => {
    it('a bit that is another on the disk of a broker makes no event: the partition stands still there, with a word, while others go on, and goes on once it is mended', async () => {
      const topics = await lab.createTopics({ partitions: 2 });
      const { topicIn, groupId } = topics;
      const place = async (from: number, partition: number): Promise<void> =>
        lab.client.produce(
          topicIn,
          numberEvents(10, from).map((event) => ({ ...event, partition })),
        );
      for (const from of [0, 10, 20]) await place(from, 0);
      await place(30, 1);
      // The event 15 is 14 with it.
      await tipOver(lab, topicIn, '{"x":15}');
      const lines: string[] = [];
      const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(line) });
      const scoring = await lab.startScoring(topics, { log, config: { pauseMs: 300 } });
      await waitUntil('the damage to be told twice', () => lines.length >= 2, 60_000);
      for (const line of lines) expect(line).toContain(`nothing can be read from offset 10 of ${topicIn}/0 on`);
      const some = toResults(await lab.client.readUntil(topics.topicOut, ({ length }) => length >= 20));
      expect(some.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual([...range(0, 10), ...range(30, 40)]);
      const committed = () => lab.client.committed(groupId, topicIn);
      await waitUntil('both partitions to be committed', async () => (await committed()).size === 2);
      expect([...(await committed())].toSorted(([a], [b]) => a - b)).toEqual([
        [0, 10],
        [1, 10],
      ]);

      await tipOver(lab, topicIn, '{"x":14}', -1);
      const all = toResults(await lab.client.readUntil(topics.topicOut, hasScores(40)));
      expect(all.map(({ score }) => score).toSorted((a, b) => a - b)).toEqual(range(0, 40));
      expect(scoring.fatal).toEqual([]);
    }, 240_000);
  });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Changes the lowest bit of the last digit of a value in partition 0, where the broker keeps it: the first such, or the last. */
async function tipOver({ broker }: KafkaLab, topic: string, value: string, which: 0 | -1 = 0): Promise<void> {
  const segment = join(broker.dataFolder, `${topic}-0`, `${'0'.repeat(20)}.log`);
  const bytes = await readFile(segment);
  const at = (which === 0 ? bytes.indexOf(value) : bytes.lastIndexOf(value)) + value.length - 2;
  const file = await open(segment, 'r+');
  try {
    await file.write(Buffer.of(bytes[at]! ^ 1), 0, 1, at);
  } finally {
    await file.close();
  }
}

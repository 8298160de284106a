import { toRecords } from '../kafka/model.ts';
import { PARTITIONS, type Stage } from './result.ts';

const VALUES = toRecords(2_000, 8, 2).map((record) => JSON.stringify(record));
const AT_ONCE = 1_000;

/** Sends the events number `from` to `to` - 1, in turn to all partitions. */
export async function sendEvents({ client }: Stage, topic: string, from: number, to: number): Promise<void> {
  for (let start = from; start < to; start += AT_ONCE) {
    const messages = Array.from({ length: Math.min(AT_ONCE, to - start) }, (_, i) => ({
      key: `key-${start + i}`,
      value: VALUES[(start + i) % VALUES.length]!,
      partition: (start + i) % PARTITIONS,
    }));
    await client.produce(topic, messages);
  }
}

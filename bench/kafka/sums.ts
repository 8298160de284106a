import { readBatches } from '../../src/server/kafka/read-record-batch.ts';
import { writePlainBatch } from '../../src/server/kafka/record-batch.ts';

const HEAD = { producerId: 1n, producerEpoch: 0, firstSequence: 0, isTransactional: false, timestampMs: 0 };
const MEGABYTES = 200;

/** Milliseconds of CPU that the sums over a fetched megabyte take, in batches of so many events of so many bytes; nothing else of them is read. */
export function sumMilliseconds(events: number, bytes: number): number {
  const message = { key: Buffer.from('key'), value: Buffer.alloc(bytes, 'x'), headers: {} };
  const batch = writePlainBatch(
    Array.from({ length: events }, () => message),
    HEAD,
  );
  const times = Math.ceil((MEGABYTES * 1e6) / batch.length);
  const look = (count: number): void => {
    for (let time = 0; time < count; time++) Array.from(readBatches(batch));
  };
  look(times / 10);
  const before = process.cpuUsage();
  look(times);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / ((times * batch.length) / 1e6);
}

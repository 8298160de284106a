/** What events and their results weigh on the wire and on the brokers' disks: the part of docs/sizing.md beside the scoring itself. */
import { toRecords } from '../bench/kafka/model.ts';
import { createResultWriter } from '../src/server/kafka/results.ts';

/** Of the brokers; nobody's quotation and nobody's measurement: put your own in their place. */
export interface BrokerAssumptions {
  /** US dollars for an hour of one broker, and for a gigabyte of disk a month. */
  readonly brokerPrice: number;
  readonly diskPrice: number;
  /** Megabytes a second that one broker writes, replicas included. */
  readonly brokerMegabytes: number;
  readonly replicas: number;
  readonly keptHours: number;
}

export const BROKER_ASSUMPTIONS: BrokerAssumptions = {
  ...{ brokerPrice: 0.4, diskPrice: 0.08, brokerMegabytes: 100, replicas: 3, keptHours: 24 },
};

export interface MessageBytes {
  readonly event: number;
  readonly result: number;
}

/** Key, value and headers of the events of `npm run bench:groups`, and of their results; not compressed, without the batches' own bytes. */
export function measureMessages(): MessageBytes {
  const records = toRecords(200, 8, 2);
  const events = records.map((record, at) => ({ key: Buffer.from(`key-${500_000 + at}`), value: toJson(record) }));
  const scores = {
    ...{
      scores: Float32Array.from(records, (_, at) => 0.1234567 * at),
      pValues: Float64Array.from(records, (_, at) => 1 / (at + 1)),
    },
    ...{ verdicts: new Uint8Array(records.length), threshold: 3.2109876, falsePositiveRate: 0.01 },
  };
  const write = createResultWriter({ topic: 'events', partition: 3 }, { name: 'orders', version: '1' }, scores);
  const results = events.map(({ key, value }, at) =>
    write({ key, value, headers: {}, offset: 500_000n + BigInt(at), timestampMs: 1.7e12 + at }, at),
  );
  return { event: meanBytes(events), result: meanBytes(results) };
}

const toJson = (record: object): Buffer => Buffer.from(JSON.stringify(record));

interface Weighed {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, unknown>>;
}

function meanBytes(messages: readonly Weighed[]): number {
  const bytesOf = ({ key, value, headers = {} }: Weighed): number =>
    (key?.length ?? 0) + (value?.length ?? 0) + Object.entries(headers).flat().join('').length;
  return messages.reduce((sum, message) => sum + bytesOf(message), 0) / messages.length;
}

export interface BrokerNeed {
  /** Megabytes (1e6) a second: events that the service reads, results that it writes, all that the brokers write. */
  readonly read: number;
  readonly written: number;
  readonly stored: number;
  readonly brokers: number;
  readonly diskTerabytes: number;
  readonly dollarsAMonth: number;
}

/** At least as many brokers as there are replicas. */
export function sizeBrokers(
  rate: number,
  { event, result }: MessageBytes,
  assumptions: BrokerAssumptions,
  hoursPerMonth: number,
): BrokerNeed {
  const { brokerPrice, diskPrice, brokerMegabytes, replicas, keptHours } = assumptions;
  const [read, written] = [(rate * event) / 1e6, (rate * result) / 1e6];
  const stored = replicas * (read + written);
  const brokers = Math.max(replicas, Math.ceil(stored / brokerMegabytes));
  const diskTerabytes = (stored * 3600 * keptHours) / 1e6;
  const dollarsAMonth = brokers * brokerPrice * hoursPerMonth + 1000 * diskTerabytes * diskPrice;
  return { read, written, stored, brokers, diskTerabytes, dollarsAMonth };
}

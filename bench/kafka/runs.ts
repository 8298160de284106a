import { Kafka, logLevel } from 'kafkajs';
import { pino } from 'pino';
import type { Detector } from '../../src/scoring/detector.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import type { KafkaClient, KafkaConfig } from '../../src/server/kafka/port.ts';
import { openKafkaClient } from '../../src/server/kafka/open-client.ts';
import { startKafkaScoring } from '../../src/server/kafka/server.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createSingleModel } from '../../src/server/models/single.ts';
import { RecentScores } from '../../src/server/recent-scores.ts';
import { ScoringService } from '../../src/server/scoring-service.ts';
import { toOpenModel } from '../../test/support/open-model.ts';

export interface Job {
  readonly brokers: readonly string[];
  readonly topicIn: string;
  readonly topicOut: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
  /** Events in the input topic: the run ends when so many are committed. */
  readonly events: number;
  /** Most events that are sent and committed together. */
  readonly batch: number;
}

/** Seconds from the first batch that is delivered to the last one that is committed, and the process's CPU seconds in them. */
export interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

const PARTITIONS_AT_ONCE = 4;
const FETCH_BYTES = 1024 * 1024;

/** Reads, sends on and commits with kafkajs alone, under the settings that scoring has: the most that scoring could reach. */
export async function passThrough(job: Job): Promise<Run> {
  const kafka = new Kafka({ brokers: [...job.brokers], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 });
  const consumer = kafka.consumer({ groupId: job.groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: FETCH_BYTES });
  await Promise.all([producer.connect(), consumer.connect()]);
  await consumer.subscribe({ topic: job.topicIn, fromBeginning: true });
  const count = createCount(job.events);
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: PARTITIONS_AT_ONCE,
    async eachBatch(payload) {
      const { batch } = payload;
      count.begin();
      for (let start = 0; start < batch.messages.length; start += job.batch) {
        const slice = batch.messages.slice(start, start + job.batch);
        const messages = slice.map(({ key, value }) => ({ key, value }));
        await producer.send({ topic: job.topicOut, acks: -1, messages });
        const last = slice.at(-1)!.offset;
        const partitions = [{ partition: batch.partition, offset: String(BigInt(last) + 1n) }];
        await payload.commitOffsetsIfNecessary({ topics: [{ topic: batch.topic, partitions }] });
        payload.resolveOffset(last);
        count.add(slice.length);
      }
    },
  });
  const run = await count.done;
  await consumer.disconnect();
  await producer.disconnect();
  return run;
}

/** What the service does, in this process: the Kafka room, the scoring service and the model. */
export async function score(job: Job, detector: Detector, settings: Partial<KafkaConfig>): Promise<Run> {
  const metrics = createMetrics();
  const limits = { maxRows: 65_536, chunkRows: 4096 };
  const recent = new RecentScores();
  const models = createSingleModel(toOpenModel(detector));
  const service = new ScoringService({ models, metrics, recent, clock: SYSTEM_CLOCK, limits });
  const count = createCount(job.events);
  const scoring = startKafkaScoring({
    service,
    metrics: metrics.kafka,
    log: pino({ level: 'fatal' }),
    clock: SYSTEM_CLOCK,
    onFatal: (error) => count.fail(error),
    openClient: async (config, log) => counting(await openKafkaClient(config, log), count),
    config: {
      ...job,
      ...{
        client: 'kafkajs',
        clientId: 'bench',
        startAt: 'earliest',
        maxEventBytes: FETCH_BYTES,
        maxBatchEvents: job.batch,
      },
      ...{ concurrency: PARTITIONS_AT_ONCE, sessionTimeoutMs: 30_000, startTimeoutMs: 20_000, lagIntervalMs: 5_000 },
      ...{ pauseMs: 5_000, compression: 'none', exactlyOnce: false, format: 'json', cloudEvents: 'off' },
      ...settings,
    },
  });
  const run = await count.done;
  await scoring.stop();
  return run;
}

/** The same client; it tells when the first batch comes, and how many events were committed. */
function counting(client: KafkaClient, count: Count): KafkaClient {
  return {
    ...client,
    openConsumer(onEvent) {
      const consumer = client.openConsumer(onEvent);
      return {
        ...consumer,
        run: (handler) =>
          consumer.run((batch) => {
            count.begin();
            let from = batch.messages[0]!.offset;
            const done = (nextOffset: bigint): void => {
              count.add(Number(nextOffset - from));
              from = nextOffset;
            };
            return handler({
              ...batch,
              advance(nextOffset) {
                batch.advance(nextOffset);
                done(nextOffset);
              },
              async commit(nextOffset) {
                const outcome = await batch.commit(nextOffset);
                if (outcome === 'committed') done(nextOffset);
                return outcome;
              },
            });
          }),
      };
    },
  };
}

type Count = ReturnType<typeof createCount>;

function createCount(events: number) {
  let [counted, startedMs, startedCpu] = [0, 0, process.cpuUsage()];
  let resolve!: (run: Run) => void;
  let reject!: (error: Error) => void;
  const done = new Promise<Run>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return {
    done,
    fail: reject,
    begin(): void {
      if (startedMs > 0) return;
      startedMs = performance.now();
      startedCpu = process.cpuUsage();
    },
    add(count: number): void {
      counted += count;
      if (counted < events) return;
      const { user, system } = process.cpuUsage(startedCpu);
      resolve({ seconds: (performance.now() - startedMs) / 1000, cpuSeconds: (user + system) / 1e6 });
    },
  };
}

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

import { type Count, createCount, FETCH_BYTES, type Job, PARTITIONS_AT_ONCE, type Run } from './job.ts';

/** What the service does, in this process: the Kafka room, the scoring service and the model. */
export async function score(
  job: Job,
  detector: Detector,
  settings: Pick<KafkaConfig, 'client' | 'exactlyOnce'>,
): Promise<Run> {
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
        clientId: 'bench',
        startAt: 'earliest',
        maxEventBytes: FETCH_BYTES,
        maxBatchEvents: job.batch,
      },
      ...{ concurrency: PARTITIONS_AT_ONCE, sessionTimeoutMs: 30_000, startTimeoutMs: undefined, lagIntervalMs: 5_000 },
      ...{ pauseMs: 5_000, compression: 'none', format: 'json', cloudEvents: 'off' },
      ...{ resultFormat: 'json', resultSchema: 'register' },
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

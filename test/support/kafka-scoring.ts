import { pino, type Logger } from 'pino';
import type { Detector } from '../../src/scoring/detector.ts';
import type { AristarchError } from '../../src/base/errors.ts';
import { Candidates } from '../../src/server/candidates/candidates.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import type { OpenKafkaClient } from '../../src/server/kafka/open-client.ts';
import type { KafkaConfig } from '../../src/server/kafka/port.ts';
import { type KafkaScoring, startKafkaScoring } from '../../src/server/kafka/server.ts';
import { createMetrics, type Metrics } from '../../src/server/metrics.ts';
import { RecentScores } from '../../src/server/recent-scores.ts';
import type { Candidate, Models, OpenModel } from '../../src/server/models/port.ts';
import type { CandidateRule } from '../../src/server/models/serving-rules.ts';
import { createSingleModel } from '../../src/server/models/single.ts';
import { ScoringService } from '../../src/server/scoring-service.ts';
import { type BeforeScore, createNumberDetector } from './number-detector.ts';
import { toOpenModel } from './open-model.ts';

export interface Topics {
  readonly topicIn: string;
  readonly topicOut: string;
  readonly deadLetterTopic: string;
  readonly groupId: string;
}

export interface ScoringOptions {
  readonly config?: Partial<KafkaConfig>;
  readonly before?: BeforeScore;
  /** Told of the number detector's rows. */
  readonly drift?: OpenModel['drift'];
  /** In the place of the number detector's own. */
  readonly explain?: Detector['explain'];
  /** Tried beside the number detector; its rule and itself. */
  readonly candidate?: { readonly rule: CandidateRule; readonly model: OpenModel };
  readonly candidateTimeoutMs?: number;
  readonly openClient?: OpenKafkaClient;
  readonly log?: Logger;
  /** Called besides, when scoring has ended for good. */
  readonly onFatal?: () => void;
}

export interface RunningScoring extends KafkaScoring {
  readonly metrics: Metrics;
  /** What the live page shows. */
  readonly recent: RecentScores;
  /** What `onFatal` was told. */
  readonly fatal: readonly AristarchError[];
}

function toCandidate({ rule, model }: NonNullable<ScoringOptions['candidate']>): Candidate {
  const { name, version } = model.description;
  const lease = () => ({ model, release: () => undefined });
  return { rule, choice: { model: name, version }, peek: lease, acquire: lease };
}

/** The real Kafka room and scoring service around the number detector. */
export function startNumberScoring(
  brokers: readonly string[],
  topics: Topics,
  options: ScoringOptions = {},
): RunningScoring {
  const metrics = createMetrics();
  const fatal: AristarchError[] = [];
  const { candidate } = options;
  const detector = createNumberDetector(options.before);
  const { explain, drift } = options;
  const model = toOpenModel({ ...detector, ...(explain && { explain }) });
  const single = createSingleModel({ ...model, drift });
  const recent = new RecentScores();
  const models: Models = { ...single, candidateOf: () => candidate && toCandidate(candidate) };
  const candidates = new Candidates({
    ...{ models, metrics: metrics.candidates, clock: SYSTEM_CLOCK },
    limits: { maxRows: 1000, timeShare: 0.5 },
    timeoutMs: options.candidateTimeoutMs ?? 10_000,
    record: () => undefined,
  });
  const service = new ScoringService({
    models,
    candidates,
    metrics,
    recent,
    clock: SYSTEM_CLOCK,
    limits: { maxRows: 100_000 },
  });
  const scoring = startKafkaScoring({
    service,
    config: { ...CONFIG, brokers, ...topics, ...options.config },
    metrics: metrics.kafka,
    log: options.log ?? pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
    clock: SYSTEM_CLOCK,
    onFatal: (error) => {
      fatal.push(error);
      options.onFatal?.();
    },
    ...(options.openClient === undefined ? {} : { openClient: options.openClient }),
  });
  return { ...scoring, metrics, recent, fatal };
}

const CONFIG = {
  client: 'kafkajs',
  clientId: 'aristarch-test',
  startAt: 'earliest',
  maxEventBytes: 1024 * 1024,
  maxBatchEvents: 1000,
  concurrency: 2,
  sessionTimeoutMs: 6_000,
  startTimeoutMs: undefined,
  lagIntervalMs: 100,
  pauseMs: 1_000,
  format: 'json',
  resultFormat: 'json',
  resultSchema: 'register',
  cloudEvents: 'off',
  compression: 'none',
  exactlyOnce: false,
} as const;

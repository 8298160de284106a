import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { atOnce } from '../afterwards.ts';
import type { Clock } from '../clock.ts';
import type { Metrics } from '../metrics.ts';
import type { Attempt, RoutedPart } from '../models/by-key.ts';
import type { OpenModel } from '../models/port.ts';
import type { ScoringService } from '../scoring-service.ts';
import type { ScoreBatch } from '../../scoring/detector.ts';
import type { Tracing, WorkSpan } from '../tracing/port.ts';
import { createDeliveries } from './deliveries.ts';
import { openResults } from './formats/open-results.ts';
import { createEventReader, type EventReader } from './formats/reader.ts';
import { createSchemaRegistry } from './formats/registry.ts';
import { createBatchHandler } from './handlers.ts';
import { keepJoined, type Session } from './keep-joined.ts';
import { createHiddenRanges, watchLag } from './lag.ts';
import { openKafkaClient, type OpenKafkaClient } from './open-client.ts';
import type {
  KafkaClient,
  KafkaConfig,
  RecordScoring,
  RoutedPart as RoutedScorer,
  RowRecords,
  ScoreRecords,
} from './port.ts';
import { createRepeats } from './repeats.ts';
import { createState, type Readiness, type State } from './state.ts';
import { createBatchSpans } from './traced-batch.ts';

export interface KafkaScoringParts {
  readonly service: Pick<ScoringService, 'acquireForAll' | 'route' | 'scoreBy'>;
  readonly config: KafkaConfig;
  readonly metrics: Metrics['kafka'];
  /** Undefined where nothing is traced. */
  readonly tracing?: Tracing | undefined;
  readonly log: Logger;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Called once when scoring from Kafka has ended for good, other than by `stop`: the process should end too. */
  readonly onFatal: (error: AristarchError) => void;
  /** Another client than those of the port; for tests. */
  readonly openClient?: OpenKafkaClient;
}

export interface KafkaScoring {
  /** Resolves when the consumer has joined its group for the first time; rejects with what `onFatal` was told, or `CANCELLED`. */
  readonly started: Promise<void>;
  readonly readiness: () => Readiness;
  /** Fetches no more, finishes and commits what is being scored, leaves the group, disconnects. */
  readonly stop: () => Promise<void>;
}

/**
 * Scores a topic of events into a topic of results. Returns at once and connects by itself: what is not there yet (brokers, topics, a right
 * to them, the registry) is waited for, and so is what goes away. Throws `INVALID_INPUT` when the topics do not fit together.
 */
export function startKafkaScoring(parts: KafkaScoringParts): KafkaScoring {
  checkTopics(parts.config);
  const abort = new AbortController();
  const state = createState(parts);
  showCounters(parts);
  const { openClient = openKafkaClient } = parts;
  const opening = openClient(parts.config, parts.log);
  const work = opening
    .then((client) => {
      const all = { ...parts, showPartitions: showCommits(parts) };
      const open = (onBreak: (error: AristarchError) => void) => openSession(all, client, state, onBreak);
      return keepJoined({ ...parts, open, state, timeoutMs: parts.config.startTimeoutMs }, abort.signal);
    })
    .catch((thrown: unknown) => state.fail(toAristarchError(thrown)));
  async function stop(): Promise<void> {
    state.stop();
    abort.abort();
    await work;
    await opening.then(
      (client) => client.close(),
      () => undefined,
    );
  }
  let stopped: Promise<void> | undefined;
  return { started: state.started, readiness: state.readiness, stop: () => (stopped ??= stop()) };
}

/** A rate needs the zero that a counter began with: series that appear with their first event hide it. */
function showCounters({ metrics, config: { topicIn, topicOut } }: Pick<KafkaScoringParts, 'metrics' | 'config'>): void {
  metrics.recordsConsumed.inc({ topic: topicIn }, 0);
  metrics.resultsProduced.inc({ topic: topicOut }, 0);
}

/** The same of commits, for the partitions that are ours; those that were have another member's counts. */
function showCommits({ metrics, config: { topicIn: topic } }: Pick<KafkaScoringParts, 'metrics' | 'config'>) {
  let shown: readonly number[] = [];
  return (partitions: readonly number[]): void => {
    for (const partition of shown) {
      if (!partitions.includes(partition)) metrics.commits.remove({ topic, partition });
    }
    for (const partition of partitions) metrics.commits.inc({ topic, partition }, 0);
    shown = partitions;
  };
}

/** A topic that is read and written would feed on itself for ever. */
function checkTopics({ topicIn, topicOut, deadLetterTopic }: KafkaConfig): void {
  const names = { topicIn, topicOut, deadLetterTopic };
  for (const [name, value] of Object.entries(names)) {
    if (value === '')
      throw new AristarchError(
        'INVALID_INPUT',
        `Kafka scoring needs three topics, and ${name} is empty: name one`,
        names,
      );
  }
  if (topicIn === topicOut || topicIn === deadLetterTopic || topicOut === deadLetterTopic) {
    throw new AristarchError(
      'INVALID_INPUT',
      `the topics for events, results and dead letters must differ, and are "${topicIn}", "${topicOut}" and "${deadLetterTopic}"`,
      names,
    );
  }
}

/** Looks whether all is there, joins the group, and scores. */
async function openSession(
  parts: KafkaScoringParts & { readonly showPartitions: ReturnType<typeof showCommits> },
  client: KafkaClient,
  state: State,
  onBreak: (error: AristarchError) => void,
): Promise<Session> {
  const { config, metrics, tracing, log } = parts;
  await checkTopicsExist(client, config);
  const results = await openResults(config);
  const deliveries = createDeliveries(client, config, (partition, { code, message }, delayMs) =>
    log.warn(
      { topic: config.topicIn, partition, code, delayMs },
      `Kafka partition ${config.topicIn}/${partition}: ${message}; what its last transaction left is looked after again in ${delayMs} ms`,
    ),
  );
  const scoring = toScoring(parts.service);
  const startSpan = tracing && createBatchSpans(tracing, config.groupId);
  const abort = new AbortController();
  const hidden = createHiddenRanges();
  const repeats = createRepeats();
  const consumer = client.openConsumer((event) => {
    if (event.kind === 'hidden') {
      hidden.note(event);
      return;
    }
    if (event.kind === 'joined') {
      deliveries.own(event.partitions);
      repeats.own(event.partitions);
      parts.showPartitions(event.partitions);
    }
    state.on(event);
    if (event.kind === 'crashed' && !event.restarts) onBreak(event.error);
  });
  const reader = openReader(config);
  async function close(lag?: Promise<void>): Promise<void> {
    abort.abort();
    try {
      await consumer.stop();
    } finally {
      await deliveries.close();
      await lag;
    }
  }
  try {
    const outside = { scoring, reader, results, deliveries, repeats, config, metrics, startSpan, log };
    await consumer.run(createBatchHandler(outside));
  } catch (thrown) {
    // What it ends with is no news beside why it did not begin.
    await close().catch(() => undefined);
    throw thrown;
  }
  const lag = watchLag({ client, config, metrics, log, assigned: state.assigned, hidden }, abort.signal);
  return { close: () => close(lag) };
}

function openReader({ format, maxEventBytes, registry }: KafkaConfig): EventReader {
  return createEventReader({ format, maxEventBytes, registry: registry && createSchemaRegistry(registry) });
}

function toScoring(service: KafkaScoringParts['service']): RecordScoring {
  return {
    async acquireForAll() {
      const lease = await service.acquireForAll();
      return lease && { scorer: toScorer(service, lease.model), release: lease.release };
    },
    async *route(records, keyOf) {
      for await (const { parts, refused, release } of service.route(records, keyOf))
        yield { ...{ refused, release }, parts: parts.map((part) => toRoutedPart(service, part)) };
    },
  };
}

function toRoutedPart(
  service: KafkaScoringParts['service'],
  { model, places, instead, onScored }: RoutedPart,
): RoutedScorer {
  return {
    ...{ scorer: toScorer(service, model, { onScored, attempt: instead?.attempt }), places },
    instead: instead && { scorer: toScorer(service, instead.model), because: instead.because },
  };
}

interface TrialOptions {
  readonly onScored?: RoutedPart['onScored'];
  /** Absent where the model is not on trial. */
  readonly attempt?: Attempt | undefined;
}

function toScorer(
  service: KafkaScoringParts['service'],
  model: OpenModel,
  { onScored, attempt }: TrialOptions = {},
): ScoreRecords {
  const { detector, description } = model;
  return {
    model: { name: description.name, version: description.version },
    encode: (records) => detector.encode(records),
    encodeJson: detector.encodeJson,
    score: async <T>(
      rows: Float32Array,
      records: RowRecords,
      make: (scores: ScoreBatch) => Promise<T>,
      span?: WorkSpan,
    ): Promise<T> => {
      const recordAt = (row: number) => records.at(row);
      const made: T[] = [];
      const finish = async (scores: ScoreBatch): Promise<void> => void made.push(await make(scores));
      const { newRows, afterwards = atOnce } = records;
      const own = { rows, recordAt, newRows, finish, afterwards };
      const job = { transport: 'kafka', ...own, span, traceId: span?.traceId } as const;
      const { batch } = await (attempt === undefined
        ? service.scoreBy(model, job)
        : attempt((checkAlive) => service.scoreBy(model, { ...job, isTrial: true, checkAlive })));
      if (onScored !== undefined) afterwards(() => onScored(records.all(), batch));
      return made[0]!;
    },
    explain: (records, topK) => detector.explain(records, { topK }),
  };
}

async function checkTopicsExist(client: KafkaClient, config: KafkaConfig): Promise<void> {
  checkNoneMissing(config, await client.findMissingTopics([config.topicIn, config.topicOut, config.deadLetterTopic]));
}

function checkNoneMissing({ brokers }: KafkaConfig, missing: readonly string[]): void {
  const [first] = missing;
  if (first === undefined) return;
  const names = missing.map((topic) => `"${topic}"`).join(', ');
  throw new AristarchError(
    'NOT_FOUND',
    `Kafka has no topic ${names} that this user may see; create ${missing.length === 1 ? 'it' : 'them'} first: ` +
      `kafka-topics.sh --bootstrap-server ${brokers[0] ?? ''} --create --topic ${first} --partitions 4`,
    { missing: [...missing] },
  );
}

import { type AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Explanation, ScoreBatch } from '../../scoring/detector.ts';
import type { Turn } from '../../scoring/turns.ts';
import { type Afterwards, atOnce } from '../afterwards.ts';
import type { Metrics } from '../metrics.ts';
import type { WorkSpan } from '../tracing/port.ts';
import { KAFKA_ACTIONS } from './actions.ts';
import type { EventReader } from './formats/reader.ts';
import type { ResultFormat } from './formats/result-format.ts';
import type {
  InboundMessage,
  KafkaConfig,
  OutboundMessage,
  RecordScoring,
  RowRecords,
  ScoreRecords,
  Source,
} from './port.ts';
import type { Repeats } from './repeats.ts';
import { createResultWriter } from './results.ts';

export interface ScoringParts {
  readonly scoring: RecordScoring;
  readonly reader: EventReader;
  readonly results: ResultFormat;
  readonly config: Pick<KafkaConfig, 'cloudEvents' | 'explainTopK' | 'maxExplainRows'>;
  readonly metrics: Metrics['kafka'];
  readonly repeats: Repeats;
  /** Whether the event at which the model itself fails is looked for; it is nobody's fault otherwise. */
  readonly suspects?: boolean;
  /** Is given what says that events are scored, where that is but an attempt so far; done at once when absent. */
  readonly afterwards?: Afterwards;
  /**
   * Asked for before each piece of work that keeps the thread busy for milliseconds (reading a slice, writing its results, sending them): in
   * between, the inference thread is given its next rows, brokers' answers are heard, and callers by gRPC have their turn.
   */
  readonly turn: Turn;
  /** Between two attempts at an event that the model alone fails at. */
  readonly wait: (ms: number) => Promise<unknown>;
  /** The span that the events' scoring is a part of, where it is traced. */
  readonly span?: WorkSpan;
}

export interface ScoredEvent {
  readonly message: InboundMessage;
  readonly result: OutboundMessage;
}

/** Events of one partition as one model takes them, with their rows, packed. */
export interface EventRows {
  readonly source: Source;
  readonly messages: readonly InboundMessage[];
  readonly rows: Float32Array;
  readonly records: Pick<RowRecords, 'at' | 'all'>;
}

/** Scores rows and writes the results of their events. Throws what the scorer throws. */
export async function scoreRows(
  scorer: ScoreRecords,
  parts: ScoringParts,
  { source, messages, rows, records }: EventRows,
): Promise<readonly ScoredEvent[]> {
  const { metrics, repeats, afterwards = atOnce, turn, span } = parts;
  const { partition } = source;
  const again = { ...records, newRows: repeats.findNew(partition, scorer.model, messages), afterwards };
  const format = { cloudEvents: parts.config.cloudEvents, results: parts.results, trace: span?.headers };
  const toResults = async (scores: ScoreBatch): Promise<readonly ScoredEvent[]> => {
    const explanations = await explainAnomalous(scorer, parts, again, scores);
    const write = createResultWriter(source, scorer.model, scores, format);
    const toResult = (message: InboundMessage, row: number): ScoredEvent => ({
      message,
      result: write(message, row, explanations.get(row)),
    });
    await turn();
    return metrics.stages.time('encode', () => messages.map(toResult), span);
  };
  const results = await scorer.score(rows, again, toResults, span);
  afterwards(() => repeats.scored(partition, scorer.model, messages));
  return results;
}

/**
 * The shorter way, for events of plain JSON that are all judged by one model: from bytes to rows, without a record between.
 * Undefined where it does not lead on, for whatever reason: what is wrong with which event is found out on the longer way.
 */
export async function scorePlainEvents(
  parts: ScoringParts,
  source: Source,
  messages: readonly InboundMessage[],
): Promise<readonly ScoredEvent[] | undefined> {
  const texts = parts.reader.jsonOf(messages);
  const lease = texts && (await parts.scoring.acquireForAll());
  if (texts === undefined || lease === undefined) return undefined;
  const { scorer, release } = lease;
  try {
    const rows = parts.metrics.stages.time('decode', () => scorer.encodeJson?.(texts), parts.span);
    if (rows === undefined) return undefined;
    const at = (row: number) => parts.reader.read(messages[row]!);
    const records = { at, all: () => messages.map((_, row) => at(row)) };
    return await scoreRows(scorer, parts, { source, messages, rows, records });
  } catch (thrown) {
    const reason = toAristarchError(thrown);
    if (!mayBeOfOne(reason, parts)) throw reason;
    return undefined;
  } finally {
    release();
  }
}

/** Whether one event may be what a batch failed by, so that they are to be looked at one by one. */
export function mayBeOfOne({ code }: AristarchError, { suspects = false }: Pick<ScoringParts, 'suspects'>): boolean {
  return KAFKA_ACTIONS[code] === 'dead-letter' || (suspects && code === 'INTERNAL');
}

/** Explanations of the anomalous records, by their place; of the highest scores only where there are too many. */
async function explainAnomalous(
  scorer: ScoreRecords,
  { config: { explainTopK = 0, maxExplainRows = Infinity }, metrics, span }: ScoringParts,
  records: RowRecords,
  { scores, verdicts }: ScoreBatch,
): Promise<Map<number, Explanation>> {
  if (explainTopK === 0) return new Map();
  const anomalous = [...verdicts.keys()].filter((row) => verdicts[row] === 1);
  const places = anomalous.toSorted((a, b) => scores[b]! - scores[a]!).slice(0, maxExplainRows);
  if (places.length === 0) return new Map();
  const chosen = places.map((row) => records.at(row));
  const explanations = await metrics.stages.timeAsync('explain', () => scorer.explain(chosen, explainTopK), span);
  return new Map(places.map((row, index) => [row, explanations[index]!]));
}

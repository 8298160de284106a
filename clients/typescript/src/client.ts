import { type CallChoices, createCalls } from './calls.ts';
import { createBatcher } from './batcher.ts';
import type { DescribeModelResponse__Output } from './contract/aristarch/v1/DescribeModelResponse.ts';
import type { ListedModel__Output } from './contract/aristarch/v1/ListedModel.ts';
import type { ListModelsResponse__Output } from './contract/aristarch/v1/ListModelsResponse.ts';
import type { Result__Output } from './contract/aristarch/v1/Result.ts';
import type { ScoreRequest } from './contract/aristarch/v1/ScoreRequest.ts';
import type { ScoreResponse__Output } from './contract/aristarch/v1/ScoreResponse.ts';
import { checkAbove, type ClientOptions, resolveOptions } from './options.ts';
import type { Record as WireRecord } from './contract/aristarch/v1/Record.ts';
import { type FieldValue, type FieldValues, toWireRecord } from './records.ts';
import { sample, type SampleWish } from './sample.ts';
import { scoreStream } from './score-stream.ts';

export type ModelDescription = DescribeModelResponse__Output;
export type ListedModel = ListedModel__Output;
export type Result = Result__Output;
export type Scores = ScoreResponse__Output;

/** Rows packed one after the other, in the order of the model's slots; NaN is a missing value. */
export interface PackedRows {
  readonly values: Float32Array;
  readonly width: number;
}
export type Rows = readonly FieldValues[] | PackedRows;

export interface ModelChoice {
  /** Name of the model; absent for the default one. */
  readonly model?: string;
  readonly modelVersion?: string;
}
export interface ScoreChoices extends ModelChoice {
  /** Share of normal records that may be flagged, in (0, 1); absent for the model's own. */
  readonly falsePositiveRate?: number;
  /** Above 0, each result has an explanation that names at most so many fields. */
  readonly explainTopK?: number;
}
export interface StreamChoices extends ScoreChoices, Omit<CallChoices, 'deadlineMs'> {
  /** Most batches that are sent and not answered; 8. */
  readonly window?: number;
  /** Longest wait for an answer that is due; the client's deadline. */
  readonly answerTimeoutMs?: number;
}
export interface BatchChoices extends ScoreChoices, CallChoices {
  /** Most rows of a call; 512. */
  readonly maxRows?: number;
  /** How long a row waits for others; 0, for those of the same turn of the event loop. */
  readonly delayMs?: number;
}

/** A client of one service. All its calls may be made twice without harm; those that fail for a while are made again. */
export interface AristarchClient {
  /** Scores rows in one call. Throws `CallError`. */
  score(rows: Rows, choices?: ScoreChoices & CallChoices): Promise<Scores>;
  /** Scores single rows, gathered to calls of many; the answer to a row is the same as alone. */
  batched(choices?: BatchChoices): (row: FieldValues) => Promise<Result>;
  /** Scores batches on one stream, each as one call, in order. The source is read only while the server keeps up. */
  scoreStream(batches: AsyncIterable<Rows> | Iterable<Rows>, choices?: StreamChoices): AsyncGenerator<Scores, void>;
  /** Rows like the training rows, made up; taken up where it was when the connection breaks. */
  sample(wish: SampleWish, choices?: Omit<CallChoices, 'deadlineMs'>): AsyncGenerator<Record<string, FieldValue>, void>;
  describeModel(choice?: ModelChoice, choices?: CallChoices): Promise<ModelDescription>;
  listModels(choices?: CallChoices): Promise<readonly ListedModel[]>;
  /** For administrators. */
  loadModel(choice: ModelChoice, choices?: CallChoices): Promise<ModelDescription>;
  unloadModel(model: string, choices?: CallChoices): Promise<void>;
  /** Calls in flight are given up. */
  close(): void;
}

const DEFAULT_WINDOW = 8;
const DEFAULT_BATCH_ROWS = 512;

/** Connects when it is first used. Throws a `RangeError` for options that cannot be. */
export function createClient(options: ClientOptions): AristarchClient {
  const resolved = resolveOptions(options);
  const { retry: policy, random } = resolved;
  const calls = createCalls(resolved);
  const send = (request: ScoreRequest, choices: CallChoices): Promise<Scores> =>
    calls.unary((wire, ...rest) => wire.score(request, ...rest), choices);
  return {
    score: async (rows, choices = {}) => send(toRequest(rows, choices), choices),
    batched({ maxRows = DEFAULT_BATCH_ROWS, delayMs = 0, ...choices } = {}) {
      const add = createBatcher({
        ...{ maxRows, delayMs },
        send: async (records: readonly WireRecord[]) =>
          (await send({ ...toChoice(choices), records: { records: [...records] } }, choices)).results,
      });
      // A row that cannot be sent fails before it joins others.
      return async (row) => add(toWireRecord(row));
    },
    scoreStream(batches, { window = DEFAULT_WINDOW, answerTimeoutMs = resolved.deadlineMs, ...choices } = {}) {
      checkAbove('window', window, 0);
      const open = () => calls.openScoreStream(choices);
      return scoreStream(toRequests(batches, choices), {
        ...{ open, policy, random, window, answerTimeoutMs, signal: choices.signal },
      });
    },
    sample: (wish, choices = {}) =>
      sample(wish, {
        ...{ policy, random, signal: choices.signal, open: (request) => calls.openSample(request, choices) },
      }),
    describeModel: (choice = {}, choices = {}) =>
      calls.unary((wire, ...rest) => wire.describeModel({ ...choice }, ...rest), choices),
    async listModels(choices = {}) {
      return (await calls.unary<ListModelsResponse__Output>((wire, ...rest) => wire.listModels({}, ...rest), choices))
        .models;
    },
    loadModel: (choice, choices = {}) =>
      calls.unary((wire, ...rest) => wire.loadModel({ ...choice }, ...rest), choices),
    async unloadModel(model, choices = {}) {
      await calls.unary((wire, ...rest) => wire.unloadModel({ model }, ...rest), choices);
    },
    close: () => calls.close(),
  };
}

async function* toRequests(
  batches: AsyncIterable<Rows> | Iterable<Rows>,
  choices: ScoreChoices,
): AsyncGenerator<ScoreRequest> {
  for await (const rows of batches) yield toRequest(rows, choices);
}

function toRequest(rows: Rows, choices: ScoreChoices): ScoreRequest {
  return {
    ...('width' in rows
      ? { dense: { values: Array.from(rows.values), width: rows.width } }
      : { records: { records: rows.map(toWireRecord) } }),
    ...toChoice(choices),
  };
}

function toChoice({ model, modelVersion, falsePositiveRate, explainTopK }: ScoreChoices): ScoreRequest {
  return {
    ...(model !== undefined && { model }),
    ...(modelVersion !== undefined && { modelVersion }),
    ...(falsePositiveRate !== undefined && { falsePositiveRate }),
    ...(explainTopK !== undefined && { explainTopK }),
  };
}

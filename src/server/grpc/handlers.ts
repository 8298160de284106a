import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { SampleJob, SamplingService } from '../sampling-service.ts';
import { PRIORITIES, type Priority } from '../../scoring/detector.ts';
import type { ScoringService } from '../scoring-service.ts';
import type { WorkSpan } from '../tracing/port.ts';
import type { ChangeableModels, ModelChoice } from '../models/port.ts';
import type { ScoreReply } from './codec.ts';
import type {
  WireDescribeRequest,
  WireDescribeResponse,
  WireListResponse,
  WireModelChoice,
  WireSampleRequest,
  WireSampleResponse,
  WireScoreRequest,
} from './contract.ts';
import {
  countSent,
  fromSampleRequest,
  fromScoreRequest,
  openReceived,
  type Received,
  toDescribeResponse,
  toListResponse,
  toSampleResponse,
} from './convert.ts';
import { inOrder } from './in-order.ts';
import { GRPC_STATUS } from './status.ts';
import { checkChoice, checkSampleTexts, checkTexts, type TextLimits } from './text-limits.ts';

/** Says who goes first where calls wait; normal when absent. */
export const PRIORITY_METADATA = 'aristarch-priority';

/** What the rows belong to (a customer, a machine): what bears one key is judged by one side of a trial (docs/models.md). */
export const KEY_METADATA = 'aristarch-key';

/** What a handler may know of its call. */
export interface CallContext {
  /** Throws `DEADLINE_EXCEEDED` or `CANCELLED` when nobody waits for the answer any longer. */
  readonly checkAlive: () => void;
  /** Counts one more request of the caller, which a message of a stream is; the first was counted by its headers. Throws `RESOURCE_EXHAUSTED` where it may have none at present. */
  readonly countRequest: () => void;
  /** Takes so many rows from what the caller may have at present; throws `RESOURCE_EXHAUSTED` where that is nothing. */
  readonly countRows: (rows: number) => void;
  /** Asks who calls once more where what was shown holds no longer (undefined where it does); rejects as at first. For what lasts longer than a request. */
  readonly askAgain: () => Promise<void> | undefined;
  /** Time on the wall clock, in milliseconds; Infinity for none. */
  readonly deadlineMs: number;
  /** Text of the metadata `aristarch-priority`. */
  readonly priority: string | undefined;
  /** Text of the metadata `aristarch-key`. */
  readonly key: string | undefined;
  /** The trace that the caller is in (metadata `traceparent`). */
  readonly traceId: string | undefined;
  /** Gives the span of a message; undefined where nothing is traced. */
  readonly startSpan: ((received: object) => WorkSpan | undefined) | undefined;
  /** Takes work that the answer need not wait for; undefined where nothing of the kind can be put off. */
  readonly afterwards?: ((work: () => void) => void) | undefined;
}

/** The methods of aristarch.v1.Aristarch without grpc-js: messages in, messages out, an `AristarchError` for a status. */
export interface Handlers {
  readonly score: (request: Received<WireScoreRequest>, call: CallContext) => Promise<ScoreReply>;
  /** One response for each request, in order; a few requests are read ahead, so that they are scored together. */
  readonly scoreStream: (
    requests: AsyncIterable<Received<WireScoreRequest>>,
    call: CallContext,
  ) => AsyncGenerator<ScoreReply>;
  /** Made-up rows, piece by piece; a piece is made only when the one before it was taken. */
  readonly sample: (request: Received<WireSampleRequest>, call: CallContext) => AsyncGenerator<WireSampleResponse>;
  readonly describeModel: (request: Received<WireDescribeRequest>) => Promise<WireDescribeResponse>;
  readonly listModels: (request: Received<unknown>) => WireListResponse;
  readonly loadModel: (request: Received<WireModelChoice>) => Promise<WireDescribeResponse>;
  readonly unloadModel: (request: Received<WireModelChoice>) => object;
}

export interface HandlersParts {
  readonly service: ScoringService;
  readonly sampling: SamplingService;
  readonly models: ChangeableModels;
  readonly limits: TextLimits;
  /** Whether models may be loaded and unloaded by a call. */
  readonly adminCalls: boolean;
}

/** Scores one message. `span`: the message's own, where it is traced. */
function createScore({ service, limits }: Pick<HandlersParts, 'service' | 'limits'>) {
  return async (
    received: Received<WireScoreRequest>,
    { checkAlive, countRows, deadlineMs, priority: asked, key, traceId: callersId, afterwards }: CallContext,
    transport: 'grpc' | 'grpc_stream',
    span: WorkSpan | undefined,
  ): Promise<ScoreReply> => {
    span?.received(received);
    const traceId = span === undefined ? callersId : span.traceId;
    const { requestId, job } = service.admit(transport, () => {
      const request = openReceived(received);
      checkTexts(request, limits);
      const priority = parsePriority(asked);
      const conditions = { transport, traceId, span, priority, checkAlive, deadlineMs, key, afterwards };
      const parsed = fromScoreRequest(request, conditions);
      countRows(countSent(parsed.job));
      return parsed;
    });
    const outcome = await service.score(job);
    const reply = { outcome, requestId };
    span?.answers(reply);
    return reply;
  };
}

export function createHandlers({ service, sampling, models, limits, adminCalls }: HandlersParts): Handlers {
  const score = createScore({ service, limits });
  return {
    score: (received, call) => score(received, call, 'grpc', call.startSpan?.(received)),
    scoreStream: (requests, call) => {
      let message = 0;
      const scoreNext = async (received: Received<WireScoreRequest>, number: number, span: WorkSpan | undefined) => {
        if (number > 1) service.admit('grpc_stream', call.countRequest);
        const asked = call.askAgain();
        if (asked !== undefined) await asked;
        return score(received, call, 'grpc_stream', span);
      };
      return inOrder(requests, {
        work: (received) => {
          const number = ++message;
          const span = call.startSpan?.(received);
          return scoreNext(received, number, span).catch((thrown: unknown) => {
            span?.end(GRPC_STATUS[toAristarchError(thrown).code]);
            throw inMessage(number, thrown);
          });
        },
        weigh: rowsIn,
        ...{ most: STREAM_MESSAGES, heaviest: STREAM_ROWS },
      });
    },
    sample: async function* (received, { checkAlive, countRows, askAgain }) {
      const admit = (): SampleJob => {
        const request = openReceived(received);
        checkSampleTexts(request, limits);
        return fromSampleRequest(request);
      };
      const pieces = sampling.sample(admit, { checkAlive, countRows });
      for await (const piece of pieces) {
        const asked = askAgain();
        if (asked !== undefined) await asked;
        yield toSampleResponse(piece);
      }
    },
    describeModel: async (received) => toDescribeResponse(await service.find(toChoice(received, limits))),
    listModels: (received) => {
      openReceived(received);
      return toListResponse(models.list());
    },
    loadModel: async (received) => {
      checkAdminCalls(adminCalls);
      return toDescribeResponse(await models.load(toChoice(received, limits)));
    },
    unloadModel: async (received) => {
      checkAdminCalls(adminCalls);
      await models.unload(toChoice(received, limits).model);
      return {};
    },
  };
}

function checkAdminCalls(adminCalls: boolean): void {
  if (adminCalls) return;
  const message =
    'this server changes no model on a call: start it with --admin-calls on, where only trusted clients can reach it';
  throw new AristarchError('PRECONDITION_FAILED', message);
}

function toChoice(received: Received<WireModelChoice>, limits: TextLimits): ModelChoice & { readonly model: string } {
  // Absent where a request has no version at all.
  const { model, modelVersion: version = '' } = openReceived(received) as Partial<WireModelChoice> & { model: string };
  checkChoice({ model, modelVersion: version }, limits);
  return { model, version };
}

/** Read ahead of the answers in one stream: enough to share an inference, little enough to hold back a caller who does not read. */
const [STREAM_MESSAGES, STREAM_ROWS] = [64, 512];

/** Rows of a message, to weigh it before it is looked at. */
function rowsIn(received: Received<WireScoreRequest>): number {
  if ('fault' in received) return 1;
  const { records, dense } = received.message;
  return records?.records.length ?? (dense === undefined ? 1 : dense.values.length / Math.max(1, dense.width));
}

export function parsePriority(asked: string | undefined): Priority {
  const found = PRIORITIES.find((priority) => priority === (asked ?? 'normal'));
  if (found !== undefined) return found;
  const message = `the metadata ${PRIORITY_METADATA} cannot be "${String(asked)}": give one of ${PRIORITIES.join(', ')}`;
  throw new AristarchError('INVALID_INPUT', message, { priority: asked });
}

/** The error of one message of a stream, which ends the stream: earlier messages were answered, later ones were not read. */
function inMessage(message: number, thrown: unknown): AristarchError {
  const { code, message: text, data, cause } = toAristarchError(thrown);
  return new AristarchError(code, `message ${message} of the stream: ${text}`, { ...data, message }, cause);
}

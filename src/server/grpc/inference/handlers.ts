import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AristarchError } from '../../../base/errors.ts';
import type { ChangeableModels } from '../../models/port.ts';
import type { ScoringService } from '../../scoring-service.ts';
import { countSent, openReceived, type Received } from '../convert.ts';
import { type CallContext, parsePriority } from '../handlers.ts';
import { checkChoice, checkText, type TextLimits } from '../text-limits.ts';
import type { WireInferRequest, WireInferResponse, WireModelMetadata, WireModelRequest } from './contract.ts';
import { checkOutputs, fromInferRequest, type RowLimits, toInferResponse, toModelMetadata } from './convert.ts';

export interface InferenceParts {
  readonly service: ScoringService;
  readonly models: Pick<ChangeableModels, 'list'>;
  readonly limits: TextLimits & RowLimits;
  /** Whether calls are still taken in: no longer once a shutdown has begun. */
  readonly isServing: () => boolean;
}

/** The methods of inference.GRPCInferenceService, without grpc-js: the same scores as `Score`, in tensors. */
export function createInferenceHandlers({ service, models, limits, isServing }: InferenceParts) {
  const version = readVersion();
  return {
    serverLive: () => ({ live: true }),
    /** The port opens when the models are there; what is stopping takes nothing new, as health says. */
    serverReady: () => ({ ready: isServing() }),
    serverMetadata: () => ({ name: 'aristarch', version, extensions: [] }),
    modelReady: async (received: Received<WireModelRequest>) => {
      checkNames(received, limits);
      return { ready: await isReady(service, received) };
    },
    modelMetadata: async (received: Received<WireModelRequest>): Promise<WireModelMetadata> => {
      const { name, version: wanted } = checkNames(received, limits);
      const { description } = await service.find({ model: name, version: wanted });
      const listed = models.list().find(({ model }) => model === description.name);
      return toModelMetadata(description, listed?.versions.map((each) => each.version) ?? []);
    },
    modelInfer: async (
      received: Received<WireInferRequest>,
      {
        checkAlive,
        countRows,
        deadlineMs,
        priority: asked,
        key,
        traceId: callersId,
        startSpan,
        afterwards,
      }: CallContext,
    ): Promise<WireInferResponse> => {
      const span = startSpan?.(received);
      span?.received(received);
      const traceId = span === undefined ? callersId : span.traceId;
      const { request, names, job, priority } = service.admit('inference', () => {
        const message = openReceived(received);
        checkInferTexts(message, limits);
        const parsed = {
          request: message,
          names: checkOutputs(message),
          job: fromInferRequest(message, limits),
          priority: parsePriority(asked),
        };
        countRows(countSent(parsed.job));
        return parsed;
      });
      const conditions = { checkAlive, deadlineMs, priority, key, traceId, span, afterwards };
      const outcome = await service.score({ ...job, transport: 'inference', ...conditions });
      const reply = toInferResponse(outcome, request, names);
      span?.answers(reply);
      return reply;
    },
  };
}

function checkNames(received: Received<WireModelRequest>, limits: TextLimits): WireModelRequest {
  const request = openReceived(received);
  checkChoice({ model: request.name, modelVersion: request.version }, limits);
  return request;
}

/** As for `Score`: names, the request's id, and texts among the values. */
function checkInferTexts({ modelName, modelVersion, id, inputs }: WireInferRequest, limits: TextLimits): void {
  const { maxTextBytes } = limits;
  checkChoice({ model: modelName, modelVersion }, limits);
  checkText(id, () => 'the request id', maxTextBytes);
  for (const { name } of inputs) checkText(name, () => 'the name of an input', maxTextBytes);
}

/** A model that was not opened yet is opened: that it is there does not say that it can be served. */
async function isReady(service: ScoringService, received: Received<WireModelRequest>): Promise<boolean> {
  const { name, version } = openReceived(received);
  try {
    await service.find({ model: name, version });
    return true;
  } catch (thrown) {
    if (thrown instanceof AristarchError && thrown.code !== 'INTERNAL') return false;
    throw thrown;
  }
}

function readVersion(): string {
  const text = readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

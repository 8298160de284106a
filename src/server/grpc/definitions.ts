import type { Clock } from '../clock.ts';
import type { Metrics, Transport } from '../metrics.ts';
import type { Tracing } from '../tracing/port.ts';
import { decodePackedRequest, encodePlainResponse, type ScoreReply } from './codec.ts';
import { loadContract, SERVICE } from './contract.ts';
import { receive, toScoreResponse } from './convert.ts';
import type { ServiceDefinition } from './engine.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from './inference/contract.ts';
import type { QuickMethod } from './quick-call.ts';

type Method = ServiceDefinition[string];

export interface DefinitionParts {
  readonly metrics: Pick<Metrics, 'stages'>;
  readonly tracing?: Tracing | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/** The services with their (de)serialisers, timed where scores are asked for. */
export function defineServices(parts: DefinitionParts) {
  return {
    inferences: timed(inferenceDefinition(), ['ModelInfer'], parts),
    scoring: timed(scoringDefinition(), ['Score', 'ScoreStream'], parts),
  };
}

/** A method for the quick lane, with the same (de)serialisers. */
export function toQuick(method: Method, transport: Transport, handle: QuickMethod['handle']): QuickMethod {
  const { path, requestDeserialize: deserialize, responseSerialize: serialize } = method;
  return { path, transport, handle, deserialize, serialize };
}

function inferenceDefinition(): ServiceDefinition {
  const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [name, { ...method, ...receiving(method) }]),
  );
}

/** The service, with deserialisers that do not throw, and the quick way for the messages that have one. */
function scoringDefinition(): ServiceDefinition {
  const definition = loadContract()[SERVICE] as ServiceDefinition;
  const methods = Object.entries(definition).map(([name, method]) => {
    const quick = method.path.startsWith(`/${SERVICE}/Score`);
    return [name, { ...method, ...receiving(method), ...(quick && quickScoring(method)) }];
  });
  return Object.fromEntries(methods) as ServiceDefinition;
}

/** The same service, with the time of each message of the named methods taken: bytes to request, and response to bytes. */
function timed(definition: ServiceDefinition, names: readonly string[], { metrics, tracing, clock }: DefinitionParts) {
  const { stages } = metrics;
  const time = (method: Method): Method => ({
    ...method,
    requestDeserialize: (bytes) => stages.time('decode', () => method.requestDeserialize(bytes) as unknown),
    responseSerialize: (reply) => stages.time('encode', () => method.responseSerialize(reply)),
  });
  const timeMethod = tracing === undefined ? time : (method: Method) => traced(time(method), tracing, clock);
  const methods = Object.entries(definition).map(([name, method]) => [
    name,
    names.includes(name) ? timeMethod(method) : method,
  ]);
  return Object.fromEntries(methods) as ServiceDefinition;
}

/** The same method, whose messages' times are told to the spans that they belong to. */
function traced(method: Method, tracing: Tracing, { monotonicMs }: Pick<Clock, 'monotonicMs'>): Method {
  return {
    ...method,
    requestDeserialize: (bytes) => {
      const startedMs = monotonicMs();
      const received = method.requestDeserialize(bytes) as object;
      tracing.decoded(received, startedMs, monotonicMs());
      return received;
    },
    responseSerialize: (reply: object) => {
      const startedMs = monotonicMs();
      const bytes = method.responseSerialize(reply);
      tracing.spanOf(reply)?.stage('encode', startedMs, monotonicMs());
      return bytes;
    },
  };
}

function receiving({ path, requestDeserialize }: Method): Pick<Method, 'requestDeserialize'> {
  return { requestDeserialize: receive(requestDeserialize, `request of ${path}`) };
}

function quickScoring(method: Method): Pick<Method, 'requestDeserialize' | 'responseSerialize'> {
  const { requestDeserialize } = receiving(method);
  return {
    requestDeserialize: (bytes) => {
      const message = decodePackedRequest(bytes);
      return message === undefined ? (requestDeserialize(bytes) as unknown) : { message };
    },
    responseSerialize: (reply: ScoreReply) =>
      encodePlainResponse(reply) ?? method.responseSerialize(toScoreResponse(reply.outcome, reply.requestId)),
  };
}

import type { Metrics } from '../metrics.ts';
import { decodePackedRequest, encodePlainResponse, type ScoreReply } from './codec.ts';
import { loadContract, SERVICE } from './contract.ts';
import { receive, toScoreResponse } from './convert.ts';
import type { ServiceDefinition } from './engine.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from './inference/contract.ts';
import type { QuickMethod } from './quick-call.ts';

type Method = ServiceDefinition[string];

/** The services with their (de)serialisers, timed where scores are asked for. */
export function defineServices(metrics: Pick<Metrics, 'stages'>) {
  return {
    inferences: timed(inferenceDefinition(), ['ModelInfer'], metrics),
    scoring: timed(scoringDefinition(), ['Score', 'ScoreStream'], metrics),
  };
}

/** A method for the quick lane, with the same (de)serialisers. */
export function toQuick(method: Method, handle: QuickMethod['handle']): QuickMethod {
  const { path, requestDeserialize: deserialize, responseSerialize: serialize } = method;
  return { path, handle, deserialize, serialize };
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
function timed(definition: ServiceDefinition, names: readonly string[], { stages }: Pick<Metrics, 'stages'>) {
  const time = (method: Method): Method => ({
    ...method,
    requestDeserialize: (bytes) => stages.time('decode', () => method.requestDeserialize(bytes) as unknown),
    responseSerialize: (reply) => stages.time('encode', () => method.responseSerialize(reply)),
  });
  const methods = Object.entries(definition).map(([name, method]) => [
    name,
    names.includes(name) ? time(method) : method,
  ]);
  return Object.fromEntries(methods) as ServiceDefinition;
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

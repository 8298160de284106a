import type { Clock } from '../clock.ts';
import type { Metrics, Transport } from '../metrics.ts';
import type { Tracing } from '../tracing/port.ts';
import { decodePackedRequest, encodePlainResponse, type ScoreReply } from './codec.ts';
import { loadContract, SERVICE } from './contract.ts';
import { receive, toScoreResponse } from './convert.ts';
import type { ServiceDefinition } from './engine.ts';
import { INFERENCE_SERVICE, loadInferenceContract } from './inference/contract.ts';
import type { QuickMethod } from './quick-call.ts';
import { checkTally, REQUEST_SHAPES, type Shape, tallyLimits, type TallyLimits } from './tally.ts';

type Method = ServiceDefinition[string];

export interface DefinitionParts {
  readonly metrics: Pick<Metrics, 'stages'>;
  readonly tracing?: Tracing | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly options: { readonly maxRows: number; readonly maxSampleRows: number };
}

/** The services with their (de)serialisers, timed where scores are asked for. */
export function defineServices(parts: DefinitionParts) {
  const tallies = talliesOf(parts.options);
  return {
    inferences: timed(inferenceDefinition(tallies), ['ModelInfer'], parts),
    scoring: timed(scoringDefinition(tallies), ['Score', 'ScoreStream'], parts),
  };
}

/** A method for the quick lane, with the same (de)serialisers. */
export function toQuick(method: Method, transport: Transport, handle: QuickMethod['handle']): QuickMethod {
  const { path, requestDeserialize: deserialize, responseSerialize: serialize } = method;
  return { path, transport, handle, deserialize, serialize };
}

/** What is counted before a method's request is decoded, by the method's name. */
type Tallies = Readonly<Record<string, (bytes: Buffer) => void>>;

function talliesOf({ maxRows, maxSampleRows }: DefinitionParts['options']): Tallies {
  const tally = (shape: Shape, limits: TallyLimits) => (bytes: Buffer) => checkTally(bytes, shape, limits);
  const rows = tallyLimits(maxRows, '--max-rows');
  const score = tally(REQUEST_SHAPES.ScoreRequest, rows);
  return {
    ...{ Score: score, ScoreStream: score },
    Sample: tally(REQUEST_SHAPES.SampleRequest, tallyLimits(maxSampleRows, '--max-sample-rows')),
    ModelInfer: tally(REQUEST_SHAPES.ModelInferRequest, rows),
  };
}

function inferenceDefinition(tallies: Tallies): ServiceDefinition {
  const definition = loadInferenceContract()[INFERENCE_SERVICE] as ServiceDefinition;
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [name, { ...method, ...receiving(method, tallies[name]) }]),
  );
}

/** The service, with deserialisers that do not throw, and the quick way for the messages that have one. */
function scoringDefinition(tallies: Tallies): ServiceDefinition {
  const definition = loadContract()[SERVICE] as ServiceDefinition;
  const methods = Object.entries(definition).map(([name, method]) => {
    const received = { ...method, ...receiving(method, tallies[name]) };
    return [name, method.path.startsWith(`/${SERVICE}/Score`) ? { ...received, ...quickScoring(received) } : received];
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

function receiving(
  { path, requestDeserialize }: Method,
  tally: (bytes: Buffer) => void = () => undefined,
): Pick<Method, 'requestDeserialize'> {
  const decode = (bytes: Buffer): unknown => {
    tally(bytes);
    return requestDeserialize(bytes);
  };
  return { requestDeserialize: receive(decode, `request of ${path}`) };
}

/** Given a method that reads and writes whatever there is. */
function quickScoring({
  requestDeserialize,
  responseSerialize,
}: Method): Pick<Method, 'requestDeserialize' | 'responseSerialize'> {
  return {
    requestDeserialize: (bytes) => {
      const message = decodePackedRequest(bytes);
      return message === undefined ? (requestDeserialize(bytes) as unknown) : { message };
    },
    responseSerialize: (reply: ScoreReply) =>
      encodePlainResponse(reply) ?? responseSerialize(toScoreResponse(reply.outcome, reply.requestId)),
  };
}

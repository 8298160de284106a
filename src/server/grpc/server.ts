import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HealthImplementation } from 'grpc-health-check';
import type { Logger } from 'pino';
import type { Backlog } from '../batching/backlog.ts';
import type { Clock } from '../clock.ts';
import { toListenError } from '../listen-error.ts';
import type { Metrics } from '../metrics.ts';
import type { ChangeableModels } from '../models/port.ts';
import type { SamplingService } from '../sampling-service.ts';
import type { ScoringService } from '../scoring-service.ts';
import type { Security } from '../security/security.ts';
import type { Tracing } from '../tracing/port.ts';
import { type Callers, createAccessInterceptor, isGuarded } from './access.ts';
import { answerSample, type SampleCall } from './answer-sample.ts';
import { answerStream, type StreamCall } from './answer-stream.ts';
import { type AnswerParts, contextOf, toServiceError } from './call-context.ts';
import { createCalls, type Calls } from './calls.ts';
import { SERVICE } from './contract.ts';
import type { Received } from './convert.ts';
import { defineServices, toQuick } from './definitions.ts';
import { toServerCredentials } from './credentials.ts';
import {
  Server,
  setLogger,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from './engine.ts';
import { type CallContext, createHandlers } from './handlers.ts';
import { INFERENCE_SERVICE } from './inference/contract.ts';
import { createInferenceHandlers, type InferenceParts } from './inference/handlers.ts';
import { createHeldBytes, HeldBytes, MOST_OPEN_BYTES } from './held-bytes.ts';
import { createPatience } from './patience.ts';
import type { ReadParts } from './read-call.ts';
import { createReadInterceptor, type HeldOpen } from './read-interceptor.ts';
import { boundConnections } from './most-connections.ts';
import { listenersOf, openQuickLane } from './quick-lane.ts';
import type { QuickMethod, QuickParts } from './quick-call.ts';
import { addReflection } from './reflection.ts';
import { createShedding } from './shedding.ts';
import { methodOf } from './stream-spans.ts';
import { sleptMs } from './turn-clock.ts';
import { createVigil } from './vigil.ts';

export interface GrpcServerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxMessageBytes: number;
  readonly maxConnectionAgeMs: number;
  readonly maxConnectionIdleMs: number;
  readonly keepaliveMs: number;
  readonly maxCallsPerConnection: number;
  readonly maxConnections: number;
  readonly slowClientTimeoutMs: number;
  readonly maxTextBytes: number;
  readonly maxRows: number;
  readonly maxSampleRows: number;
  readonly drainTimeoutMs: number;
  /** Where it is of use; else 0. */
  readonly stayAwakeUs: number;
}
export interface GrpcServerParts {
  readonly service: ScoringService;
  readonly sampling: SamplingService;
  readonly models: ChangeableModels;
  readonly adminCalls: boolean;
  readonly options: GrpcServerOptions;
  readonly security: Security;
  readonly metrics: Pick<Metrics, 'stages' | 'requests' | 'batching' | 'calls'>;
  readonly tracing?: Tracing | undefined;
  readonly backlog: Pick<Backlog, 'expectMs'>;
  readonly clock: Clock;
  readonly log: Logger;
}
export interface GrpcServer {
  readonly port: number;
  /**
   * Health turns NOT_SERVING, new calls are refused, calls in flight are finished; what is left after the drain timeout
   * is cut off. Streams are ended with UNAVAILABLE, after the response to the message they work on, at half the timeout.
   */
  stop(): Promise<void>;
}

/** The server as a whole, and its services. */
const HEALTH_NAMES = ['', SERVICE, INFERENCE_SERVICE];

/** Time for the answer to a ping, after which the peer counts as gone: many times a round trip around the world. */
const KEEPALIVE_ANSWER_MS = 20_000;

/** Time for the last responses to leave the machine, once every handler has handed its own over. */
const FLUSH_MS = 100;

/** Serves aristarch.v1.Aristarch with health and reflection. Throws `UNAVAILABLE` when the port cannot be opened. */
export async function startGrpcServer(parts: GrpcServerParts): Promise<GrpcServer> {
  const { options, log } = parts;
  // grpc-js has one logger for the process, which writes to the console: what it says is for those who look into a fault.
  setLogger({ error: toDebug(log), info: toDebug(log), debug: toDebug(log) });
  const callers: Callers = new WeakMap();
  const patience = createPatience(options.slowClientTimeoutMs);
  const held = createHeldBytes(options.maxMessageBytes, parts.clock.monotonicMs, log, parts.metrics);
  const heldOpen = new HeldBytes(MOST_OPEN_BYTES);
  parts.metrics.calls.watch({ open: () => patience.size, heldBytes: () => held.bytes + heldOpen.bytes });
  const server = new Server({
    interceptors: interceptorsOf({ ...parts, patience, held, heldOpen }, callers),
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_connection_age_ms': options.maxConnectionAgeMs,
    'grpc.max_connection_idle_ms': options.maxConnectionIdleMs,
    'grpc.keepalive_time_ms': options.keepaliveMs,
    'grpc.keepalive_timeout_ms': KEEPALIVE_ANSWER_MS,
    'grpc.max_concurrent_streams': options.maxCallsPerConnection,
  });
  const calls = createCalls();
  const endStreams = new AbortController();
  // Each stream listens: of many, Node.js would warn as of a leak.
  setMaxListeners(0, endStreams.signal);
  let serving = true;
  const quick = addScoring(server, { ...parts, callers, isServing: () => serving }, calls, endStreams.signal);
  const health = new HealthImplementation(Object.fromEntries(HEALTH_NAMES.map((name) => [name, 'SERVING'])));
  health.addToServer(server);
  const port = await listen(server, parts);
  const reflection = { prefix: '/grpc.reflection.', add: () => addReflection(server) };
  const cutOff = openQuickLane(server, quick, reflection, toQuickParts({ ...parts, patience, held }, callers, calls));
  if (cutOff === undefined) reflection.add();
  const { monotonicMs } = parts.clock;
  boundConnections(listenersOf(server), { most: options.maxConnections, monotonicMs, log, metrics: parts.metrics });
  return {
    port,
    stop: async () => {
      serving = false;
      for (const name of HEALTH_NAMES) health.setStatus(name, 'NOT_SERVING');
      const endingStreams = setTimeout(() => endStreams.abort(), options.drainTimeoutMs / 2);
      await drain(server, calls, parts);
      cutOff?.();
      patience.close();
      clearTimeout(endingStreams);
    },
  };
}

function toQuickParts(
  parts: GrpcServerParts & Pick<QuickParts, 'patience' | 'held'>,
  callers: Callers,
  calls: Calls,
): QuickParts {
  const { clock, log, metrics, backlog, options } = parts;
  const { monotonicMs } = clock;
  const vigil = createVigil({ monotonicMs, mostMs: options.stayAwakeUs / 1000 });
  const idleMs = (): number => sleptMs() + vigil.idleMs();
  return {
    ...{ ...parts, callers, calls, vigil, shedding: createShedding(monotonicMs, log, backlog, { idleMs }) },
    onShed: (transport) => {
      metrics.batching.onRefusal('deadline');
      metrics.requests.inc({ transport, code: 'RESOURCE_EXHAUSTED' });
    },
  };
}

function toDebug(log: Logger): (...message: unknown[]) => void {
  return (...message) => log.debug({ from: 'grpc-js' }, message.map(String).join(' '));
}

/** The first is next to the call's stream. */
function interceptorsOf(parts: GrpcServerParts & ReadParts & HeldOpen, callers: Callers): ServerInterceptor[] {
  const { security, log } = parts;
  const read = createReadInterceptor(parts);
  return isGuarded(security)
    ? [read, createAccessInterceptor({ security, callers }, (thrown) => toServiceError(thrown, log))]
    : [read];
}

function listen(server: Server, { options: { host, port }, security }: GrpcServerParts): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, toServerCredentials(security.tls), (error, bound) => {
      if (error) reject(toListenError({ service: 'gRPC', host, port, flag: '--grpc-port' }, error));
      else resolve(bound);
    });
  });
}

async function drain(server: Server, calls: Calls, { options, log }: GrpcServerParts): Promise<void> {
  const timeout = new AbortController();
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  // Watchers of health and reflection streams last as long as their clients like; only scoring is waited for.
  const done = calls.idle().then(() => sleep(FLUSH_MS));
  await Promise.race([closed, done, sleep(options.drainTimeoutMs, undefined, { signal: timeout.signal })]);
  timeout.abort();
  if (calls.inFlight > 0) log.warn({ calls: calls.inFlight }, 'gRPC calls were cut off at the drain timeout');
  server.forceShutdown();
}

/** Adds the services; the answer is what the quick lane may take. */
function addScoring(
  server: Server,
  parts: GrpcServerParts & AnswerParts & Pick<InferenceParts, 'isServing'>,
  calls: Calls,
  endStreams: AbortSignal,
): QuickMethod[] {
  const handlers = createHandlers({ ...parts, limits: parts.options });
  const inference = createInferenceHandlers({ ...parts, limits: parts.options });
  const unary =
    <Q, R>(handle: (request: Received<Q>, context: CallContext) => R | Promise<R>) =>
    (call: ServerUnaryCall<Received<Q>, R>, respond: sendUnaryData<R>): void =>
      void calls.track(answer(call, respond, handle, parts));
  const { inferences, scoring } = defineServices(parts);
  server.addService(inferences, {
    serverLive: unary(inference.serverLive),
    serverReady: unary(inference.serverReady),
    serverMetadata: unary(inference.serverMetadata),
    modelReady: unary(inference.modelReady),
    modelMetadata: unary(inference.modelMetadata),
    modelInfer: unary(inference.modelInfer),
  });
  server.addService(scoring, {
    score: unary(handlers.score),
    describeModel: unary(handlers.describeModel),
    listModels: unary(handlers.listModels),
    loadModel: unary(handlers.loadModel),
    unloadModel: unary(handlers.unloadModel),
    scoreStream: (call: ServerDuplexStream<unknown, unknown>) =>
      void calls.track(answerStream(call as StreamCall, handlers.scoreStream, parts, endStreams)),
    sample: (call: ServerWritableStream<unknown, unknown>) =>
      void calls.track(answerSample(call as SampleCall, handlers.sample, parts, endStreams)),
  });
  return [
    toQuick(scoring['Score']!, 'grpc', handlers.score),
    toQuick(inferences['ModelInfer']!, 'inference', inference.modelInfer),
  ];
}

async function answer<Q, R>(
  call: ServerUnaryCall<Received<Q>, R>,
  respond: sendUnaryData<R>,
  handle: (request: Received<Q>, context: CallContext) => R | Promise<R>,
  parts: AnswerParts,
): Promise<void> {
  const span = parts.tracing?.startCall(methodOf(call), call.metadata, call.request);
  try {
    respond(null, await handle(call.request, contextOf(call, parts, span && (() => span))));
    span?.end(call.cancelled ? 'CANCELLED' : 'OK');
  } catch (thrown) {
    const error = toServiceError(thrown, parts.log);
    respond(error);
    span?.end(status[error.code]);
  }
}

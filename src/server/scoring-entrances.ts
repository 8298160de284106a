import type { Closer } from './close-all.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { usableCores } from '../base/cores.ts';
import { AristarchError } from '../base/errors.ts';
import type { Detector, DetectorDescription, OpenDetectorOptions } from '../scoring/detector.ts';
import type { Sampler } from '../scoring/sampler.ts';
import { createBacklog } from './batching/backlog.ts';
import { createOpenBatched } from './batching/open-batched.ts';
import { by } from './by.ts';
import { openCandidates } from './candidates/open-candidates.ts';
import type { Clock } from './clock.ts';
import type { ServeConfig } from './config.ts';
import { mostConnections } from './grpc/most-connections.ts';
import { type GrpcServer, type GrpcServerParts, startGrpcServer } from './grpc/server.ts';
import { toKafkaConfig } from './kafka-config.ts';
import { openInference } from './inference.ts';
import { hostPort } from './listen-error.ts';
import type { Metrics } from './metrics.ts';
import { openModels } from './models/open-models.ts';
import type { ChangeableModels, Models, OpenModel } from './models/port.ts';
import { readOpenFiles } from './open-files.ts';
import type { Readiness } from './readiness.ts';
import type { RecentScores } from './recent-scores.ts';
import { SamplingService } from './sampling-service.ts';
import { ScoringService } from './scoring-service.ts';
import type { Security } from './security/security.ts';
import type { Tracing } from './tracing/port.ts';

/** What scoring takes from the process that it runs in. */
export interface ProcessParts {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly openDetector: (folder: string, options: OpenDetectorOptions) => Promise<Detector>;
  readonly openSampler: (folder: string, options: OpenDetectorOptions) => Promise<Sampler>;
  /** How many files the process may have open; what the system says when absent. */
  readonly openFiles?: () => number;
  /** Metrics of the process itself as well (CPU, memory, event loop). */
  readonly processMetrics?: boolean;
  /** Called when a part has ended for good after the start; the process should stop. */
  readonly onFatal: (error: AristarchError) => void;
}

export interface EntrancesParts extends ProcessParts {
  readonly security: Security;
  readonly metrics: Metrics;
  readonly recent: RecentScores;
  readonly readiness: Readiness;
  /** Told of the default model, when it is first served and whenever another version has taken its place. */
  readonly onDefault: (model: OpenModel) => void;
  /** Told of the models once they are open, before anybody can use them; what it answers is what calls may change. */
  readonly onModels: (models: Models) => ChangeableModels;
}

export interface Entrances {
  readonly service: ScoringService;
  /** The default model; undefined where requests must name one. */
  readonly model: DetectorDescription | undefined;
  /** host:port of gRPC, with the port that was really opened. */
  readonly grpc: string;
  /** Kafka's first joining of its group; undefined where it is not configured. */
  readonly joining: Promise<void> | undefined;
}

/** For what is closed once the work is over, or cut off: all but the spans, together. */
const CLOSING_MS = 1000;
/** For spans that are left after work that has used up all of the drain timeout. */
const LAST_SPANS_MS = 500;

/** Opens the models and then the entrances to them: gRPC, and Kafka where it is configured. What must be closed goes to `closers`. */
export async function startEntrances(parts: EntrancesParts, closers: Closer[]): Promise<Entrances> {
  const { config, clock, metrics, readiness, recent, security } = parts;
  const tracing = await openTraces(parts);
  // The last to go: all that others do until they are closed is traced.
  closers.push((byMs) => tracing?.stop(Math.max(LAST_SPANS_MS, byMs - clock.monotonicMs())));
  const backlog = createBacklog();
  const openDetector = createOpenBatched({ ...parts, backlog }, metrics);
  const { trustedKeys, authenticate } = security;
  // To list models takes the role admin, where callers have roles.
  const hidesNames = authenticate !== undefined;
  const { inference, close } = openInference({ ...parts, metrics: metrics.inference });
  closers.push((byMs) => close(byMs + CLOSING_MS));
  const models = await openModels({ ...parts, openDetector, inference, trustedKeys, hidesNames });
  // They wait for an inference thread that hangs; of that one it is told afterwards.
  closers.push(async (byMs) => {
    await by(byMs + CLOSING_MS, clock, models.close());
  });
  const changeable = parts.onModels(models);
  const { maxRows, maxExplainRows, falsePositiveRate, modelField } = config;
  const limits = { maxRows, maxExplainRows, falsePositiveRate };
  const candidates = openCandidates(parts, models, metrics.candidates);
  closers.push(() => candidates?.stop());
  const service = new ScoringService({ models, candidates, modelField, metrics, recent, clock, limits });
  readiness.set('model', 'ready');

  const sampling = new SamplingService({ models, metrics, maxRows: config.maxSampleRows });
  const grpc = await startGrpc(parts, { service, sampling, models: changeable, metrics, tracing, backlog });
  const entrances: (() => Promise<void>)[] = [() => grpc.stop()];
  closers.push(async () => {
    readiness.set('grpc', { waitsFor: 'the server is shutting down' });
    await Promise.all(entrances.map((close) => close()));
  });
  readiness.set('grpc', 'ready');
  const { joining } = await startKafka(parts, { service, tracing }, entrances);
  return { service, model: await defaultOf(service, models), grpc: hostPort(config.grpcHost, grpc.port), joining };
}

/** Undefined where there is no default model, and where it was unloaded before this process began. */
async function defaultOf(service: ScoringService, models: Models): Promise<DetectorDescription | undefined> {
  if (models.defaultName === undefined) return undefined;
  return service.find().then(
    ({ description }) => description,
    (thrown: unknown) => {
      if (thrown instanceof AristarchError && thrown.code === 'PRECONDITION_FAILED') return undefined;
      throw thrown;
    },
  );
}

/** Undefined where nothing is traced, and then OpenTelemetry is not loaded either. */
async function openTraces({ config, log, clock, metrics }: EntrancesParts): Promise<Tracing | undefined> {
  const { traceEndpoint } = config;
  if (traceEndpoint === undefined) return undefined;
  const { openTracing } = await import('./tracing/open-tracing.ts');
  return openTracing({ log, clock, config: { ...config, traceEndpoint }, metrics: metrics.tracing });
}

function startGrpc(
  { config, clock, log, security, openFiles = readOpenFiles }: EntrancesParts,
  parts: Pick<GrpcServerParts, 'service' | 'sampling' | 'models' | 'metrics' | 'tracing' | 'backlog'>,
): Promise<GrpcServer> {
  const { grpcHost: host, grpcPort: port, adminCalls, ...options } = config;
  // On a core beside those of an inference alone: who stays awake on another's takes its time.
  const stayAwakeUs = usableCores() / config.workers < config.threads + 1 ? 0 : config.stayAwakeUs;
  return startGrpcServer({
    ...parts,
    ...{ security, clock, log, adminCalls },
    options: { ...options, host, port, stayAwakeUs, maxConnections: mostConnections(openFiles()) },
  });
}

/** Kafka's first joining of its group; undefined where it is not configured, and then its client is not loaded either. */
async function startKafka(
  { config, log, clock, onFatal, metrics, readiness }: EntrancesParts,
  { service, tracing }: { readonly service: ScoringService; readonly tracing: Tracing | undefined },
  entrances: (() => Promise<void>)[],
): Promise<{ readonly joining: Promise<void> | undefined }> {
  const kafkaConfig = toKafkaConfig(config);
  if (kafkaConfig === undefined) return { joining: undefined };
  const { startKafkaScoring } = await import('./kafka/server.ts');
  const own = { service, tracing, log, clock, onFatal };
  const kafka = startKafkaScoring({ ...own, config: kafkaConfig, metrics: metrics.kafka });
  readiness.set('kafka', () => {
    const { ready, reason } = kafka.readiness();
    return { ok: ready, ...(reason !== undefined && { reason }) };
  });
  // Its own stop waits for the batches at work and their commits; a broker that answers nothing must not hold up the rest.
  entrances.push(() => Promise.race([kafka.stop(), sleep(config.drainTimeoutMs, undefined, { ref: false })]));
  // Looked at when everything else has started, which may be after it has failed.
  kafka.started.catch(() => undefined);
  return { joining: kafka.started };
}

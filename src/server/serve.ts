import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { AristarchError } from '../base/errors.ts';
import type { Detector, DetectorDescription, OpenDetectorOptions } from '../scoring/detector.ts';
import type { Sampler } from '../scoring/sampler.ts';
import { createOpenBatched } from './batching/open-batched.ts';
import { openCandidates } from './candidates/open-candidates.ts';
import type { Clock } from './clock.ts';
import type { ServeConfig } from './config.ts';
import { type GrpcServer, type GrpcServerParts, startGrpcServer } from './grpc/server.ts';
import { createOperatorRoutes } from './http/handlers.ts';
import type { PageModel } from './http/page/feed.ts';
import { createPage, type Page } from './http/page/page.ts';
import { type HttpServer, sendJson, startHttpServer } from './http/server.ts';
import { toKafkaConfig } from './kafka-config.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openModels } from './models/open-models.ts';
import type { Models, OpenModel } from './models/port.ts';
import { createReadiness, type Readiness } from './readiness.ts';
import { RecentScores } from './recent-scores.ts';
import { SamplingService } from './sampling-service.ts';
import { ScoringService } from './scoring-service.ts';
import { countRejections } from './security/count-rejections.ts';
import { openSecurity, type Security } from './security/security.ts';
import type { Tracing } from './tracing/port.ts';

export interface ServeParts {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly clock: Clock;
  readonly openDetector: (folder: string, options: OpenDetectorOptions) => Promise<Detector>;
  readonly openSampler: (folder: string, options: OpenDetectorOptions) => Promise<Sampler>;
  /** Metrics of the process itself as well (CPU, memory, event loop). */
  readonly processMetrics?: boolean;
  /** Called when a part has ended for good after the start; the process should stop. */
  readonly onFatal: (error: AristarchError) => void;
}

export interface Serving {
  /** The default model; undefined where requests must name one. */
  readonly model: DetectorDescription | undefined;
  readonly service: ScoringService;
  /** host:port, with the ports that were really opened. */
  readonly addresses: { readonly grpc: string; readonly http: string };
  /** Resolves when every entrance is open: at once, but where Kafka is configured, when it has joined its group; else rejects. */
  readonly ready: Promise<void>;
  /** Not ready any more; work in flight is finished, for as long as the drain timeout, then everything is closed. */
  stop(): Promise<void>;
}

/** `byMs`: when all should be over, on the monotonic clock. */
type Closer = (byMs: number) => void | Promise<void>;

/**
 * Starts everything: HTTP first, so that the process can be watched while it starts; then the model, gRPC, and Kafka where
 * it is configured. When one part fails, those before it are closed again and its error is thrown.
 */
export async function startServing(parts: ServeParts): Promise<Serving> {
  const startedMs = parts.clock.monotonicMs();
  const closers: Closer[] = [];
  const stop = once(async () => {
    const byMs = parts.clock.monotonicMs() + parts.config.drainTimeoutMs;
    for (const close of closers.reverse()) await close(byMs);
  });
  try {
    const { serving, metrics, joining } = await startParts(parts, closers);
    const elapsedMs = (): number => parts.clock.monotonicMs() - startedMs;
    metrics.startSeconds.set(elapsedMs() / 1000);
    if (joining === undefined) logReady(parts.log, serving, elapsedMs());
    else parts.log.info(serving.addresses, 'gRPC and HTTP are open; Kafka is joining its group');
    const ready = joining?.then(() => logReady(parts.log, serving, elapsedMs())) ?? Promise.resolve();
    // Whoever does not wait hears of a failure through `onFatal`.
    ready.catch(() => undefined);
    return { ...serving, ready, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(parts: ServeParts, closers: Closer[]) {
  const { config, clock, log } = parts;
  const metrics = createMetrics({ process: parts.processMetrics ?? false, clock });
  const tracing = await openTraces(parts, metrics);
  // The last to go: all that others do until they are closed is traced.
  closers.push((byMs) => tracing?.stop(Math.max(LAST_SPANS_MS, byMs - clock.monotonicMs())));
  const recent = new RecentScores();
  const readiness = createReadiness();
  for (const part of ['model', 'grpc'] as const) readiness.set(part, { waitsFor: 'starting' });
  const security = countRejections(await openSecurity(parts), metrics.batching.onRejection);
  closers.push(() => security.close());
  const page = createPageHolder(parts, recent);
  const http = await startHttp({ ...parts, security }, metrics, readiness, page.current);
  closers.push(() => http.stop());
  const httpAddress = hostPort(config.httpHost, http.port);
  log.info({ http: httpAddress }, 'HTTP is open; the model is being loaded');

  const openDetector = createOpenBatched(parts, metrics);
  const { trustedKeys } = security;
  const models = await openModels({ ...parts, openDetector, metrics, trustedKeys, onDefault: page.show });
  closers.push(() => models.close());
  page.list(() => models.list());
  const { maxRows, maxExplainRows, falsePositiveRate } = config;
  const limits = { maxRows, maxExplainRows, falsePositiveRate };
  const candidates = openCandidates(parts, models, metrics.candidates);
  closers.push(() => candidates?.stop());
  const { modelField } = config;
  const service = new ScoringService({ models, candidates, modelField, metrics, recent, clock, limits });
  readiness.set('model', 'ready');
  closers.push(() => page.close());

  const sampling = new SamplingService({ models, metrics, maxRows: config.maxSampleRows });
  const grpc = await startGrpc({ ...parts, security }, { service, sampling, models, metrics, tracing });
  const entrances: (() => Promise<void>)[] = [() => grpc.stop()];
  closers.push(async () => {
    readiness.set('grpc', { waitsFor: 'the server is shutting down' });
    await Promise.all(entrances.map((close) => close()));
  });
  readiness.set('grpc', 'ready');
  const { joining } = await startKafka(parts, { service, metrics, tracing }, readiness, entrances);
  const addresses = { grpc: hostPort(config.grpcHost, grpc.port), http: httpAddress };
  const model = models.defaultName === undefined ? undefined : (await service.find()).description;
  return { serving: { model, service, addresses }, metrics, joining };
}

/** For spans that are left after work that has used up all of the drain timeout. */
const LAST_SPANS_MS = 500;

/** Undefined where nothing is traced, and then OpenTelemetry is not loaded either. */
async function openTraces({ config, ...parts }: ServeParts, metrics: Metrics): Promise<Tracing | undefined> {
  const { traceEndpoint } = config;
  if (traceEndpoint === undefined) return undefined;
  const { openTracing } = await import('./tracing/open-tracing.ts');
  return openTracing({ ...parts, config: { ...config, traceEndpoint }, metrics: metrics.tracing });
}

interface EntranceParts extends ServeParts {
  readonly security: Security;
}

function startHttp(
  parts: EntranceParts,
  metrics: Metrics,
  readiness: Readiness,
  page: () => Page | undefined,
): Promise<HttpServer> {
  const { config, log, security } = parts;
  return startHttpServer({
    host: config.httpHost,
    port: config.httpPort,
    log,
    tls: config.httpTls ? security.tls : undefined,
    authenticate: security.authenticateToken,
    routes: createOperatorRoutes({ metrics, checks: readiness.checks }),
    otherwise: (request, response) => {
      const opened = page();
      if (opened !== undefined) return opened.handle(request, response);
      sendJson(response, 503, { error: 'there is no live page before a default model is open' });
      return true;
    },
  });
}

/** The live page of the default model; a new one where another version has taken its place, to which browsers connect anew. */
function createPageHolder({ config, clock }: ServeParts, feed: RecentScores) {
  let page: Page | undefined;
  let listModels: Models['list'] = () => [];
  return {
    current: () => page,
    show: ({ description, detector, drift }: OpenModel): void => {
      page?.close();
      const model: PageModel = {
        description,
        thresholdAt: (rate) => detector.thresholdAt(rate),
        explain: async (record, topK) => (await detector.explain([record], { topK }))[0]!,
      };
      const { falsePositiveRate } = config;
      page = createPage({
        model,
        feed,
        clock,
        drift: drift && (() => drift.summary()),
        models: () => listModels(),
        ...(falsePositiveRate !== undefined && { falsePositiveRate }),
      });
    },
    /** The models are known once they are open, and the first page before that. */
    list: (models: Models['list']): void => {
      listModels = models;
    },
    close: (): void => page?.close(),
  };
}

function startGrpc(
  { config, clock, log, security }: EntranceParts,
  parts: Pick<GrpcServerParts, 'service' | 'sampling' | 'models' | 'metrics' | 'tracing'>,
): Promise<GrpcServer> {
  const { grpcHost: host, grpcPort: port, adminCalls, ...options } = config;
  return startGrpcServer({
    ...parts,
    ...{ security, clock, log, adminCalls },
    options: { ...options, host, port },
  });
}

/** Kafka's first joining of its group; undefined where it is not configured, and then its client is not loaded either. */
async function startKafka(
  { config, log, clock, onFatal }: ServeParts,
  { service, metrics, tracing }: { service: ScoringService; metrics: Metrics; tracing: Tracing | undefined },
  readiness: Readiness,
  entrances: (() => Promise<void>)[],
): Promise<{ readonly joining?: Promise<void> }> {
  const kafkaConfig = toKafkaConfig(config);
  if (kafkaConfig === undefined) return {};
  const { startKafkaScoring } = await import('./kafka/server.ts');
  const kafka = startKafkaScoring({
    service,
    config: kafkaConfig,
    metrics: metrics.kafka,
    tracing,
    log,
    clock,
    onFatal,
  });
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

function logReady(log: Logger, { model, addresses }: Pick<Serving, 'model' | 'addresses'>, readyMs: number): void {
  const named = model && { model: model.name, version: model.version, family: model.family, device: model.device };
  log.info(
    { ...named, ...addresses, readyMs: Math.round(readyMs) },
    `ready: gRPC on ${addresses.grpc}, live page on http://${addresses.http}/`,
  );
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Stops once, however often it is asked to. */
function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}

import { toShownDrift } from './http/page/shown-drift.ts';
import { toShownModel } from './http/page/shown-model.ts';
import { toShownModels } from './http/page/shown-models.ts';
import { createMetrics } from './metrics.ts';
import type { ChangeableModels, Models, OpenModel } from './models/port.ts';
import { type OperatorHttp, startOperatorHttp } from './operator-http.ts';
import { createReadiness } from './readiness.ts';
import { RecentScores } from './recent-scores.ts';
import { type Closer, closeAll } from './close-all.ts';
import { type ProcessParts, startEntrances } from './scoring-entrances.ts';
import type { ScoringService } from './scoring-service.ts';
import { countRejections } from './security/count-rejections.ts';
import { openSecurity } from './security/security.ts';
import { once, type Served, toServedModel, whenReady } from './served.ts';

export type ServeParts = ProcessParts;

export interface Serving extends Served {
  readonly service: ScoringService;
}

/**
 * Starts everything: HTTP first, so that the process can be watched while it starts; then the model, gRPC, and Kafka where
 * it is configured. When one part fails, those before it are closed again and its error is thrown.
 */
export async function startServing(parts: ServeParts): Promise<Serving> {
  const startedMs = parts.clock.monotonicMs();
  const closers: Closer[] = [];
  const stop = once(async () => {
    const byMs = parts.clock.monotonicMs() + parts.config.drainTimeoutMs;
    await closeAll(closers, byMs, parts.log);
  });
  try {
    const { serving, joining } = await startParts(parts, closers, startedMs);
    const elapsedMs = (): number => parts.clock.monotonicMs() - startedMs;
    return { ...serving, stop, ready: whenReady(parts.log, serving, { joining, elapsedMs }) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(parts: ServeParts, closers: Closer[], startedMs: number) {
  const { config, clock, log } = parts;
  const metrics = createMetrics({ process: parts.processMetrics ?? false, clock });
  const recent = new RecentScores();
  const readiness = createReadiness();
  for (const part of ['model', 'grpc'] as const) readiness.set(part, { waitsFor: 'starting' });
  const security = countRejections(await openSecurity(parts), metrics.batching.onRejection);
  closers.push(() => security.close());
  const { checks } = readiness;
  const http = await startOperatorHttp({
    config,
    log,
    clock,
    security,
    metrics,
    checks,
    feed: recent,
    openFiles: parts.openFiles,
  });
  closers.push(() => http.stop());
  const page = createPageTeller(http, config.falsePositiveRate);
  const entrances = await startEntrances({ ...parts, ...page, security, metrics, recent, readiness }, closers);
  metrics.startSeconds.set((clock.monotonicMs() - startedMs) / 1000);
  metrics.workers.running.set(1);
  const { service, model, grpc, joining } = entrances;
  return {
    serving: { model: model && toServedModel(model), service, addresses: { grpc, http: http.address } },
    joining,
  };
}

/** Tells the live page of the models. The models are known once they are open, and the first default one before that. */
function createPageTeller(http: Pick<OperatorHttp, 'show'>, falsePositiveRate: number | undefined) {
  let list: Models['list'] = () => [];
  return {
    onDefault: ({ description, detector, drift }: OpenModel): void =>
      http.show({
        model: toShownModel({ description, thresholdAt: (rate) => detector.thresholdAt(rate) }, falsePositiveRate),
        explain: async (record, topK) => (await detector.explain([record], { topK }))[0]!,
        drift: drift && (() => toShownDrift(drift.summary())),
        models: () => toShownModels(list()),
      }),
    onModels: (models: Models): ChangeableModels => {
      list = () => models.list();
      return models;
    },
  };
}

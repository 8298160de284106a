import type { Logger } from 'pino';
import type { AristarchError } from '../../base/errors.ts';
import type { Explanation } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import type { ServeConfig } from '../config.ts';
import type { Checks } from '../http/handlers.ts';
import type { ShownModel } from '../http/page/shown-model.ts';
import { createPrimaryMetrics, type PrimaryMetrics } from '../metrics.ts';
import { startOperatorHttp, type PageView } from '../operator-http.ts';
import { countRejections } from '../security/count-rejections.ts';
import { openSecurity } from '../security/security.ts';
import { once, type Served, whenReady } from '../served.ts';
import { fromPlainError } from '../../base/channel.ts';
import type { ExplainQuestion, WorkerFacts } from './contract.ts';
import { forkWorker, type WorkerProcess } from './fork.ts';
import { allJoined } from './joined.ts';
import { killAtExit } from './kill-at-exit.ts';
import { createMergedMetrics } from './merged-metrics.ts';
import { MergedScores } from './merged-scores.ts';
import { Reports } from './reports.ts';
import { createSpreader } from './spread.ts';
import { Supervisor } from './supervisor.ts';
import { toWorkerConfig } from './worker-config.ts';

export interface PrimaryParts {
  readonly config: ServeConfig;
  readonly log: Logger;
  readonly clock: Clock;
  /** Called when a part has ended for good after the start; the process should stop. */
  readonly onFatal: (error: AristarchError) => void;
}

/** What a worker needs beside its drain timeout to close everything, before it is killed. */
const CLOSING_MS = 2000;

/**
 * Serves by several processes that share the gRPC port and, where Kafka is configured, are members of one group. This process has
 * the HTTP entrance, and replaces workers; it scores nothing. Throws what starting a worker throws; none is left then.
 */
export async function startWorkers(parts: PrimaryParts): Promise<Served> {
  const { config, log, clock } = parts;
  const startedMs = clock.monotonicMs();
  const elapsedMs = (): number => clock.monotonicMs() - startedMs;
  const metrics = createPrimaryMetrics(clock);
  const security = countRejections(await openSecurity(parts), metrics.batching.onRejection);
  const crew = createCrew(parts, metrics);
  const stop = once(async () => {
    await crew.stop();
    await http?.stop();
    security.close();
  });
  let http: Awaited<ReturnType<typeof startOperatorHttp>> | undefined;
  try {
    const { feed, checks } = crew;
    http = await startOperatorHttp({ config, log, clock, security, feed, checks, metrics: crew.metrics });
    crew.onModel(http.show);
    const { grpc, model } = (await crew.start())[0]!;
    metrics.startSeconds.set(elapsedMs() / 1000);
    const served = { model, addresses: { grpc, http: http.address } };
    const joining = config.kafkaBrokers.length > 0 ? crew.joined() : undefined;
    return { ...served, stop, ready: whenReady(log, served, { joining, elapsedMs }) };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** All workers, as one. */
function createCrew({ config, log, clock, onFatal }: PrimaryParts, metrics: PrimaryMetrics) {
  const feed = new MergedScores();
  const reports = new Reports(feed, clock);
  const shown = createShown();
  const phase = { starting: true, stopping: false };
  const fork = (slot: number): WorkerProcess => {
    const source = reports.open();
    const worker: WorkerProcess = forkWorker({
      pulse: (pulse) => {
        supervisor.heard(slot);
        reports.take(source, pulse);
      },
      show: shown.take,
      spread: (order) => spreader.spread(order, worker),
      fatal: (error) => onFatal(fromPlainError(error)),
    });
    void worker.ended.then(() => reports.close(source));
    return worker;
  };
  const begin = (worker: WorkerProcess, slot: number): Promise<WorkerFacts> => {
    const { unloaded } = spreader;
    return worker.channel.ask('start', { config: toWorkerConfig(config, slot), slot, unloaded });
  };
  const supervisor = new Supervisor({
    ...{ count: config.workers, fork, begin, onFatal, clock, log },
    onLost: (worker) => {
      metrics.workers.losses.inc();
      merged.lost(worker);
    },
  });
  const spreader = createSpreader({ running: () => supervisor.running, log });
  const forget = killAtExit(() => supervisor.running, process);
  const merged = createMergedMetrics(metrics, () => supervisor.serving);
  return {
    feed,
    metrics: merged,
    checks: (): Checks => checksOf(phase, supervisor.serving.length, reports.checks()),
    onModel: (show: (view: PageView) => void) =>
      shown.tell((model) =>
        show({
          model,
          explain: (record, topK) => explainBy(supervisor.serving[0], { record, topK }),
          drift: () => reports.drift(),
          models: () => reports.models(),
        }),
      ),
    start: () =>
      supervisor.start().finally(() => {
        phase.starting = false;
      }),
    joined: () => allJoined(config.workers, supervisor, phase),
    stop: async () => {
      phase.stopping = true;
      await supervisor.stop(config.drainTimeoutMs + CLOSING_MS);
      forget();
    },
  };
}

function explainBy(worker: WorkerProcess | undefined, question: ExplainQuestion): Promise<Explanation> {
  return worker?.channel.ask('explain', question) ?? Promise.reject(new Error('no worker serves'));
}

interface Phase {
  readonly starting: boolean;
  readonly stopping: boolean;
}

/** One worker less is no reason to send calls elsewhere: the others answer, and it is replaced. */
function checksOf({ starting, stopping }: Phase, serving: number, told: Checks): Checks {
  const waits = (reason: string) => ({ model: { ok: false, reason }, grpc: { ok: false, reason } });
  if (stopping) return { ...told, grpc: { ok: false, reason: 'the server is shutting down' } };
  if (starting) return waits('starting');
  return serving === 0 ? { ...told, ...waits('all workers have ended; others take their place') } : told;
}

/** The default model, told of by each worker, and shown once for each version. */
function createShown() {
  let [latest, show] = [undefined as ShownModel | undefined, undefined as ((model: ShownModel) => void) | undefined];
  return {
    take: (model: ShownModel): void => {
      const isSame =
        latest?.name === model.name && latest.version === model.version && latest.trainedAt === model.trainedAt;
      latest = model;
      if (!isSame) show?.(model);
    },
    tell: (listener: (model: ShownModel) => void): void => {
      show = listener;
      if (latest !== undefined) listener(latest);
    },
  };
}

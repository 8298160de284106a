import type { Logger } from 'pino';
import type { DetectorDescription } from '../scoring/detector.ts';

/** What a service says of itself, of one process or many. */
export interface Served {
  /** The default model; undefined where requests must name one. */
  readonly model: Pick<DetectorDescription, 'name' | 'version' | 'family' | 'device'> | undefined;
  /** host:port, with the ports that were really opened. */
  readonly addresses: { readonly grpc: string; readonly http: string };
  /** Resolves when every entrance is open: at once, but where Kafka is configured, when it has joined its group; else rejects. */
  readonly ready: Promise<void>;
  /** Not ready any more; work in flight is finished, for as long as the drain timeout, then everything is closed. */
  stop(): Promise<void>;
}

/** Says when every entrance is open; the answer resolves then. */
export function whenReady(
  log: Logger,
  served: Pick<Served, 'model' | 'addresses'>,
  { joining, elapsedMs }: { readonly joining: Promise<void> | undefined; readonly elapsedMs: () => number },
): Promise<void> {
  if (joining === undefined) logReady(log, served, elapsedMs());
  else log.info(served.addresses, 'gRPC and HTTP are open; Kafka is joining its group');
  const ready = joining?.then(() => logReady(log, served, elapsedMs())) ?? Promise.resolve();
  // Whoever does not wait hears of a failure through `onFatal`.
  ready.catch(() => undefined);
  return ready;
}

function logReady(log: Logger, { model, addresses }: Pick<Served, 'model' | 'addresses'>, readyMs: number): void {
  const named = model && { model: model.name, version: model.version, family: model.family, device: model.device };
  log.info(
    { ...named, ...addresses, readyMs: Math.round(readyMs) },
    `ready: gRPC on ${addresses.grpc}, live page on http://${addresses.http}/`,
  );
}

/** Stops once, however often it is asked to. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}

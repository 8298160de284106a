import type { Logger } from 'pino';
import type { HardwareKind } from '../runtime/hardware/hardware.ts';
import type { DetectorDescription } from '../scoring/detector.ts';

/** What a service says of the model that it serves, and of what computes it. */
export type ServedModel = Pick<DetectorDescription, 'name' | 'version' | 'family' | 'device' | 'engine'> & {
  readonly hardware: string;
  readonly hardwareKind: HardwareKind;
};

export function toServedModel({ name, version, family, device, engine, hardware }: DetectorDescription): ServedModel {
  return { name, version, family, device, engine, hardware: hardware.name, hardwareKind: hardware.kind };
}

/** What a service says of itself, of one process or many. */
export interface Served {
  /** The default model; undefined where requests must name one. */
  readonly model: ServedModel | undefined;
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
  const { name, ...facts } = model ?? {};
  log.info(
    { ...(name !== undefined && { model: name }), ...facts, ...addresses, readyMs: Math.round(readyMs) },
    `ready: gRPC on ${addresses.grpc}, live page on http://${addresses.http}/`,
  );
}

/** Stops once, however often it is asked to. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}

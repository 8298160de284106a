import { afterEach } from '@jest/globals';
import { pino, type Logger } from 'pino';
import { SYSTEM_CLOCK, type Clock } from '../../src/server/clock.ts';
import { resolveServeConfig } from '../../src/server/config.ts';
import { type ServeParts, type Serving, startServing } from '../../src/server/serve.ts';
import type { AristarchError } from '../../src/base/errors.ts';
import type { Detector } from '../../src/scoring/detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createDetectorDouble } from './detector-double.ts';

export interface ServeOptions {
  readonly detector?: Detector;
  /** By setting name; ports are free ones unless said. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly clock?: Clock;
  readonly openDetector?: ServeParts['openDetector'];
  readonly openSampler?: ServeParts['openSampler'];
  readonly openFiles?: ServeParts['openFiles'];
  readonly onFatal?: (error: AristarchError) => void;
  readonly log?: Logger;
}

export const SILENT: Logger = pino({ level: 'silent' });

/** A log that keeps its lines, as the objects they are. */
export function createListeningLog(): { log: Logger; lines: () => readonly Readonly<Record<string, unknown>>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  return { log, lines: () => lines };
}

/** Starts servers on free ports with a detector double, and stops them after each test. */
export function createServeFixture(): (options?: ServeOptions) => Promise<Serving> {
  const running: Serving[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((serving) => serving.stop()));
  });
  return async (options = {}) => {
    const detector = options.detector ?? createDetectorDouble();
    // A thread of its own, which doubles need not, takes longer to start than most tests.
    const own = { grpcPort: 0, httpPort: 0, drainTimeoutMs: 3000, inference: 'inline' };
    const file = { model: 'models/double', ...own, ...options.settings };
    const serving = await startServing({
      config: resolveServeConfig({ flags: {}, env: {}, file }),
      log: options.log ?? SILENT,
      clock: options.clock ?? SYSTEM_CLOCK,
      openDetector: options.openDetector ?? (() => Promise.resolve(detector)),
      openSampler: options.openSampler ?? openSampler,
      ...(options.openFiles && { openFiles: options.openFiles }),
      onFatal: options.onFatal ?? (() => undefined),
    });
    running.push(serving);
    return serving;
  };
}

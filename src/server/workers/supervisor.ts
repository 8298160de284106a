import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { LONGEST_WAIT_MS } from '../by.ts';
import type { Clock } from '../clock.ts';
import type { WorkerFacts } from './contract.ts';
import type { WorkerProcess } from './fork.ts';
import { within } from './time-limit.ts';

export interface SupervisorParts {
  readonly count: number;
  /** Starts the process of a slot, 1 to `count`. */
  readonly fork: (slot: number) => WorkerProcess;
  /** Asks a new process to serve. */
  readonly begin: (worker: WorkerProcess, slot: number) => Promise<WorkerFacts>;
  /** Told of each worker that ended by itself after it had served. */
  readonly onLost: (worker: WorkerProcess) => void;
  /** Called when a slot's workers end again and again. */
  readonly onFatal: (error: AristarchError) => void;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly times?: Partial<SupervisorTimes>;
}

export interface SupervisorTimes {
  /** Before the first replacement in a slot; twice as long before each one that follows within the window. */
  readonly firstBackoffMs: number;
  /** Losses of one slot within so long are a loop. */
  readonly windowMs: number;
  /** How often it is looked whether workers are heard of, and how many times in a row one may not be. */
  readonly lookMs: number;
  readonly mostSilent: number;
  /** A worker that does not serve after so long is ended: its models, or what they lie on, hang. */
  readonly startMs: number;
}

const TIMES: SupervisorTimes = {
  ...{ firstBackoffMs: 100, windowMs: 300_000, lookMs: 5000, mostSilent: 6, startMs: 300_000 },
};

/** So many losses within the window end the service: its operator, or orchestrator, is to look. */
const MOST_LOSSES = 5;

interface Slot {
  readonly number: number;
  worker: WorkerProcess | undefined;
  serving: boolean;
  /** Looks in a row without having heard of it. A paused machine does not make it many at once, as time would. */
  silent: number;
  lossesMs: number[];
}

/** Keeps as many workers as there are slots: one that ends, or hangs, is replaced, later each time. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #times: SupervisorTimes;
  readonly #slots: readonly Slot[];
  readonly #looking: NodeJS.Timeout;
  #stopping = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#times = { ...TIMES, ...parts.times };
    this.#slots = Array.from({ length: parts.count }, (_, index) => emptySlot(index + 1));
    this.#looking = setInterval(() => this.#look(), this.#times.lookMs).unref();
  }

  /** Starts all; what the workers say of themselves. Where one cannot start, none stays, and its error is thrown. */
  async start(): Promise<readonly WorkerFacts[]> {
    try {
      return await Promise.all(this.#slots.map((slot) => this.#begin(slot)));
    } catch (thrown) {
      await this.stop(0);
      throw thrown;
    }
  }

  /** Workers that have started. */
  get serving(): readonly WorkerProcess[] {
    return this.#slots.flatMap(({ worker, serving }) => (worker !== undefined && serving ? [worker] : []));
  }

  /** These, and those that are about to start. */
  get running(): readonly WorkerProcess[] {
    return this.#slots.flatMap(({ worker }) => (worker === undefined ? [] : [worker]));
  }

  /** The worker is alive. */
  heard(slot: number): void {
    this.#slots[slot - 1]!.silent = 0;
  }

  /** Asks all to finish their work; what still runs after `timeoutMs` is killed. No worker is replaced any more. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#looking);
    const serving = new Set(this.serving);
    const timeout = new AbortController();
    const late = sleep(Math.min(timeoutMs, LONGEST_WAIT_MS), undefined, { signal: timeout.signal }).catch(
      () => undefined,
    );
    const end = async (worker: WorkerProcess): Promise<void> => {
      if (serving.has(worker)) {
        const finished = worker.channel.ask('stop', undefined).catch(() => undefined);
        await Promise.race([finished, late]);
        worker.release();
        await Promise.race([worker.ended, late]);
      }
      worker.kill();
      await worker.ended;
    };
    await Promise.all(this.running.map(end));
    timeout.abort();
  }

  async #begin(slot: Slot): Promise<WorkerFacts> {
    const worker = this.#parts.fork(slot.number);
    Object.assign(slot, { worker, silent: 0 });
    try {
      const facts = await within(this.#times.startMs, this.#start(slot, worker), () => this.#tooLate(slot));
      slot.serving = true;
      void worker.ended.then((how) => this.#lost(slot, worker, how));
      return facts;
    } catch (thrown) {
      worker.kill();
      slot.worker = undefined;
      throw thrown;
    }
  }

  async #start(slot: Slot, worker: WorkerProcess): Promise<WorkerFacts> {
    await Promise.race([worker.awake, worker.ended]);
    return this.#parts.begin(worker, slot.number).catch((thrown: unknown) => explainEnd(slot, worker, thrown));
  }

  #tooLate({ number }: Slot): AristarchError {
    const message = `worker ${number} does not serve after ${this.#times.startMs / 1000} s: see whether its models can be read`;
    return new AristarchError('DEADLINE_EXCEEDED', message, { worker: number });
  }

  #lost(slot: Slot, worker: WorkerProcess, how: string): void {
    Object.assign(slot, { worker: undefined, serving: false });
    if (this.#stopping) return;
    this.#parts.onLost(worker);
    this.#replace(slot, `worker ${slot.number} ended (${how})`);
  }

  #replace(slot: Slot, why: string): void {
    if (this.#stopping) return;
    const { clock, log, onFatal } = this.#parts;
    const { firstBackoffMs, windowMs } = this.#times;
    const nowMs = clock.monotonicMs();
    slot.lossesMs = [...slot.lossesMs.filter((atMs) => nowMs - atMs < windowMs), nowMs];
    const losses = slot.lossesMs.length;
    if (losses >= MOST_LOSSES) {
      const message = `${why}, as ${losses - 1} before it within ${windowMs / 1000} s: the service ends; its log says what happened before each`;
      onFatal(new AristarchError('UNAVAILABLE', message, { worker: slot.number, losses }));
      return;
    }
    const waitMs = firstBackoffMs * 2 ** (losses - 1);
    log.error({ worker: slot.number, losses, waitMs }, `${why}; another one takes its place in ${waitMs} ms`);
    setTimeout(() => void this.#revive(slot), waitMs).unref();
  }

  async #revive(slot: Slot): Promise<void> {
    if (this.#stopping) return;
    try {
      await this.#begin(slot);
      this.#parts.log.info({ worker: slot.number }, `worker ${slot.number} serves again`);
    } catch (thrown) {
      this.#replace(slot, `worker ${slot.number} could not be replaced (${toAristarchError(thrown).message})`);
    }
  }

  #look(): void {
    for (const slot of this.#slots.filter(({ serving }) => serving)) {
      slot.silent++;
      if (slot.silent <= this.#times.mostSilent) continue;
      this.#parts.log.error(
        { worker: slot.number },
        `worker ${slot.number} has hung for ${(slot.silent * this.#times.lookMs) / 1000} s and is killed`,
      );
      slot.worker?.kill();
    }
  }
}

function emptySlot(number: number): Slot {
  return { number, worker: undefined, serving: false, silent: 0, lossesMs: [] };
}

/** A process that ended says why in its log; that it did is what can be said here. */
async function explainEnd({ number }: Slot, worker: WorkerProcess, thrown: unknown): Promise<never> {
  const isGone = await Promise.race([worker.ended, sleep(50, undefined)]);
  if (isGone === undefined) throw thrown;
  throw new AristarchError(
    'UNAVAILABLE',
    `worker ${number} ended before it served (${isGone}): its log says why`,
    { worker: number },
    thrown,
  );
}

import type { Lease, OpenModel } from './port.ts';

export interface PoolOptions {
  /** Most models that are open, but for those in use. */
  readonly capacity: number;
  /** Whether a model may be closed to make room. */
  readonly isKept: (model: OpenModel) => boolean;
  /** Told of each model that is closed to make room for another. */
  readonly onEvicted: (model: OpenModel) => void;
}

/** Models opened side by side: reading and compiling are the file system's and ONNX Runtime's work, on other threads. */
const OPENED_AT_A_TIME = 2;

/**
 * Open models by key, the most recently used last. Each is opened once, however many ask for it at the same time; beyond the
 * capacity the one that was longest not used is closed, as soon as nobody uses it. A model is closed when its last lease was released.
 */
export class ModelPool {
  readonly #options: PoolOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #gate = createGate(OPENED_AT_A_TIME);

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The longest not used first. */
  open(): readonly OpenModel[] {
    return [...this.#slots.values()].flatMap(({ model }) => model ?? []);
  }

  isOpen(key: string): boolean {
    return this.#slots.get(key)?.model !== undefined;
  }

  /** A lease on the open model; undefined where it is not open. */
  peek(key: string): Lease | undefined {
    const slot = this.#slots.get(key);
    if (slot?.model === undefined) return undefined;
    this.#touch(key, slot);
    return slot.lease(slot.model);
  }

  /** The same, opened first where it is not open. Throws what `open` throws; then the next one to ask opens anew. */
  async acquire(key: string, open: () => Promise<OpenModel>): Promise<Lease> {
    const slot = this.#slots.get(key) ?? this.#open(key, open);
    this.#touch(key, slot);
    return slot.wait();
  }

  /** Takes a model out: whoever asks for it next opens it anew. It is closed when its last lease is released. */
  retire(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    slot.retire();
  }

  /** Closes every model, whether it is used or not; resolves when all are closed. */
  async close(): Promise<void> {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    await Promise.all(slots.map((slot) => slot.close()));
  }

  #open(key: string, open: () => Promise<OpenModel>): Slot {
    const slot = new Slot(this.#gate(open), () => this.#makeRoom());
    this.#slots.set(key, slot);
    slot.opening.then(
      () => this.#makeRoom(),
      () => {
        if (this.#slots.get(key) === slot) this.#slots.delete(key);
      },
    );
    return slot;
  }

  #touch(key: string, slot: Slot): void {
    this.#slots.delete(key);
    this.#slots.set(key, slot);
  }

  #makeRoom(): void {
    const { capacity, isKept, onEvicted } = this.#options;
    // Asked whenever a call ends: those that are being opened are counted as well, which is quicker than to look.
    if (this.#slots.size <= capacity) return;
    let excess = this.open().length - capacity;
    for (const [key, { isIdle, model }] of this.#slots) {
      if (excess <= 0) return;
      if (!isIdle || isKept(model!)) continue;
      this.retire(key);
      onEvicted(model!);
      excess--;
    }
  }
}

/** One model, and who uses it. */
class Slot {
  readonly opening: Promise<OpenModel>;
  model: OpenModel | undefined;
  readonly #onIdle: () => void;
  #users = 0;
  #retired = false;

  constructor(opening: Promise<OpenModel>, onIdle: () => void) {
    this.#onIdle = onIdle;
    this.opening = opening.then((model) => (this.model = model));
    this.opening.catch(() => undefined);
  }

  get isIdle(): boolean {
    return this.model !== undefined && this.#users === 0;
  }

  /** Counts as a user from now on, so that a model is not closed between its opening and its first use. */
  async wait(): Promise<Lease> {
    const lease = this.#use();
    try {
      return { model: await this.opening, release: lease };
    } catch (thrown) {
      lease();
      throw thrown;
    }
  }

  lease(model: OpenModel): Lease {
    return { model, release: this.#use() };
  }

  retire(): void {
    this.#retired = true;
    if (this.#users === 0) void this.close();
  }

  /** A fault while closing harms nobody: the model is not used any more. */
  async close(): Promise<void> {
    const model = await this.opening.catch(() => undefined);
    await model?.close().catch(() => undefined);
  }

  #use(): () => void {
    this.#users++;
    let used = true;
    return () => {
      if (!used) return;
      used = false;
      this.#users--;
      if (this.#users > 0) return;
      if (this.#retired) void this.close();
      else this.#onIdle();
    };
  }
}

/** Lets so many pieces of work run at a time, in the order in which they came. */
function createGate(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= width) await new Promise<void>((resolve) => waiting.push(resolve));
    running++;
    try {
      return await work();
    } finally {
      running--;
      waiting.shift()?.();
    }
  };
}

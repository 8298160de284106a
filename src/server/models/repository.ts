import { AristarchError, toAristarchError } from '../../base/errors.ts';
import { ModelEntry, modelNotFound, modelUnloaded, modelUnreadable } from './entry.ts';
import { checkName } from './names.ts';
import { openFound } from './open-found.ts';
import { ModelPool } from './pool.ts';
import type { Candidate, Lease, ListedModel, ListedVersion, ModelChoice, Models, OpenModel } from './port.ts';
import type { RepositoryParts } from './repository-parts.ts';
import {
  allGone,
  describeEmpty,
  isSame,
  keyOf,
  NOTHING_FOUND,
  placeOf,
  scanModel,
  scanRepository,
  type FoundModel,
  type FoundModels,
  type FoundVersion,
} from './scan.ts';

/** A folder of models, NAME/VERSION/, opened as they are asked for, and changed while they are served. */
export class ModelRepository implements Models {
  readonly #parts: RepositoryParts;
  readonly #entries = new Map<string, ModelEntry>();
  readonly #pool: ModelPool;
  #last: FoundModels = new Map();
  #place = '';
  /** Models that `load` has looked at since the look under way began, which knows less of them. */
  readonly #loaded = new Set<string>();
  /** Not from whoever starts the server. */
  #hidesNames = false;

  private constructor(parts: RepositoryParts) {
    this.#parts = parts;
    this.#pool = new ModelPool({
      capacity: parts.maxLoaded,
      isKept: (model) => this.#isKept(model),
      onEvicted: ({ description: { name, version } }) => {
        parts.metrics.evictions.inc();
        parts.log.info({ model: name, version }, `model "${name}" ${version} was closed to make room for others`);
      },
    });
  }

  /** Throws `NOT_FOUND` where the folder cannot be read or has no such default model, and what opening the default throws. */
  static async open(parts: RepositoryParts): Promise<ModelRepository> {
    const repository = new ModelRepository(parts);
    repository.#last = await scanRepository(parts.folder);
    repository.#place = await placeOf(parts.folder);
    if (repository.#last.size === 0) parts.log.warn(await describeEmpty(parts.folder));
    for (const [model, found] of repository.#last)
      if (repository.#isReadable(model, found)) repository.#take(model, found);
    try {
      if (repository.defaultName !== undefined) (await repository.acquire({})).release();
    } catch (thrown) {
      await repository.close();
      throw thrown;
    }
    repository.#hidesNames = parts.hidesNames ?? false;
    return repository;
  }

  get defaultName(): string | undefined {
    const { defaultModel } = this.#parts;
    // One that cannot be read is a model all the same: another does not answer in its place.
    const isAlone = this.#entries.size === 1 && [...this.#last.keys()].every((model) => this.#entries.has(model));
    if (defaultModel !== undefined || !isAlone) return defaultModel;
    return [...this.#entries.keys()][0];
  }

  acquire({ model, version }: ModelChoice): Lease | Promise<Lease> {
    const entry = this.#find(model);
    const { serving } = entry;
    const isAny = version === undefined || version === '';
    // What serves is kept while, and where, its changed files cannot take its place.
    const open = serving && (isAny || version === serving.version) ? this.#pool.peek(keyOf(serving)) : undefined;
    if (open !== undefined) return open;
    if (isAny) return this.#openNewest(entry);
    const found = entry.find(version);
    return this.#pool.peek(keyOf(found)) ?? this.#openVersion(entry, found);
  }

  candidateOf({ description: { name, version } }: OpenModel): Candidate | undefined {
    const rule = this.#entries.get(name)?.rules.candidate;
    if (rule === undefined) return undefined;
    const choice = { model: rule.model ?? name, version: rule.version };
    // Once it serves itself, nothing is left to be tried.
    if (choice.model === name && choice.version === version) return undefined;
    return { rule, choice, peek: () => this.#peek(choice), acquire: () => this.acquire(choice) };
  }

  isDefault({ description: { name, version } }: OpenModel): boolean {
    return name === this.defaultName && this.#entries.get(name)?.serving?.version === version;
  }

  open(): readonly OpenModel[] {
    return this.#pool.open();
  }

  list(): readonly ListedModel[] {
    return [...this.#entries.values()].map((entry) => ({
      model: entry.model,
      versions: entry.versions.map((found) => this.#describe(entry, found)),
      serving: entry.serving?.version,
      pinned: entry.rules.version,
      servingFault: entry.rulesFault?.message,
      isDefault: entry.model === this.defaultName,
      unloaded: entry.unloaded,
    }));
  }

  async load({ model, version }: ModelChoice): Promise<OpenModel> {
    const name = this.#nameOf(model);
    const found = await scanModel(this.#parts.folder, name);
    if (found.unreadable !== undefined) throw modelUnreadable(name, found.unreadable);
    if (found.versions.length > 0 || this.#entries.has(name)) this.#loaded.add(name);
    const entry = this.#take(name, found);
    if (entry === undefined) throw this.#notFound(name);
    entry.beginLoad();
    let loaded = false;
    try {
      if (version === undefined || version === '') await this.#upgrade(entry);
      const lease = await this.acquire({ model: name, version });
      lease.release();
      loaded = true;
      return lease.model;
    } finally {
      if (entry.endLoad(loaded)) this.#unload(entry);
    }
  }

  unload(model: string): void {
    const entry = this.#entries.get(this.#nameOf(model)) ?? this.#find(model);
    // Whoever asks again has not heard the answer.
    if (entry.unloaded) return;
    this.#unload(entry);
    this.#parts.log.info({ model: entry.model }, `model "${entry.model}" was unloaded`);
  }

  #unload(entry: ModelEntry): void {
    const open = [...entry.versions, ...(entry.serving === undefined ? [] : [entry.serving])];
    entry.unloaded = true;
    entry.serving = undefined;
    for (const found of open) this.#pool.retire(keyOf(found));
  }

  /**
   * Looks at the folder again, and changes what is served: a version that came, changed or went is acted on once two looks in
   * a row have found the same, so that a copy can end and a folder can be exchanged in between. Throws what `scanRepository`
   * does, and then nothing has changed.
   */
  async refresh(): Promise<void> {
    this.#loaded.clear();
    const models = await scanRepository(this.#parts.folder);
    const place = await placeOf(this.#parts.folder);
    const isServed = [...this.#entries.values()].some(({ unloaded }) => !unloaded);
    if (models.size === 0 && place !== this.#place && isServed) throw allGone(this.#parts.folder);
    const last = this.#last;
    [this.#last, this.#place] = [models, place];
    for (const model of new Set([...models.keys(), ...this.#entries.keys()])) {
      const found = models.get(model) ?? NOTHING_FOUND;
      const before = last.get(model) ?? NOTHING_FOUND;
      if (this.#loaded.has(model) || !this.#isReadable(model, found, before) || !isSame(found, before)) continue;
      const known = this.#entries.get(model);
      const entry = isSame(found, known?.found ?? NOTHING_FOUND) ? known : this.#take(model, found);
      // What cannot take the place is in the log; what serves goes on.
      if (entry?.isBehind === true) await this.#upgrade(entry).catch(() => undefined);
    }
  }

  #peek({ model, version }: Candidate['choice']): Lease | undefined {
    const entry = this.#entries.get(model);
    if (entry === undefined || entry.unloaded) return undefined;
    const { serving, versions } = entry;
    const isServing = serving !== undefined && (version === undefined || version === serving.version);
    const open = isServing ? this.#pool.peek(keyOf(serving)) : undefined;
    const found = open === undefined ? versions.find((each) => each.version === version) : undefined;
    return open ?? (found && this.#pool.peek(keyOf(found)));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  /** What is known of a model holds while its folder cannot be read; that is said once. */
  #isReadable(model: string, found: FoundModel, before = NOTHING_FOUND): boolean {
    const why = found.unreadable;
    if (why === undefined) return true;
    if (why !== before.unreadable) this.#parts.log.error({ model }, modelUnreadable(model, why).message);
    return false;
  }

  /** Makes what was found what there is; closes what is no more there. Undefined where no version is left. */
  #take(model: string, found: FoundModel): ModelEntry | undefined {
    const entry = this.#entries.get(model) ?? new ModelEntry(model);
    if (found.versions.length === 0) entry.serving = undefined;
    for (const gone of entry.take(found)) this.#pool.retire(keyOf(gone));
    if (found.versions.length > 0) {
      this.#entries.set(model, entry);
      if (entry.rulesFault !== undefined) this.#parts.log.error({ model }, entry.rulesFault.message);
      return entry;
    }
    if (this.#entries.delete(model)) this.#parts.log.warn({ model }, `model "${model}" is gone from the folder`);
    return undefined;
  }

  /** Lets the newest version that can be served take the place of the one that serves. Throws where there is none at all. */
  async #upgrade(entry: ModelEntry): Promise<void> {
    const before = entry.serving;
    (await this.#openNewest(entry)).release();
    if (before !== undefined && !entry.isServing(before)) this.#pool.retire(keyOf(before));
  }

  /** Opens the newest version that can be served; from then on it answers requests that name no version. */
  async #openNewest(entry: ModelEntry): Promise<Lease> {
    const passing = new Map<string, AristarchError>();
    for (let found = entry.best(); found !== undefined; found = entry.best(passing)) {
      try {
        const lease = await this.#openVersion(entry, found);
        if (this.#serve(entry, found, lease.model, passing)) return lease;
        lease.release();
      } catch (thrown) {
        if (entry.refusalOf(found) !== undefined) continue;
        // Its files cannot be read at present: an older version answers meanwhile.
        const error = toAristarchError(thrown);
        if (error.code !== 'UNAVAILABLE') throw thrown;
        passing.set(keyOf(found), error);
      }
    }
    const kept = entry.serving === undefined ? undefined : this.#pool.peek(keyOf(entry.serving));
    if (kept !== undefined) return kept;
    const [first] = passing.values();
    throw first ?? entry.nothingLeft();
  }

  /** False where a better one (a pin, a newer version) has come while this one was opened. */
  #serve(entry: ModelEntry, found: FoundVersion, model: OpenModel, passing: ReadonlyMap<string, unknown>): boolean {
    const best = entry.best(passing);
    if (best !== undefined && keyOf(best) !== keyOf(found)) return false;
    if (entry.unloaded || entry.isServing(found)) return true;
    const facts = { model: found.model, version: found.version, before: entry.serving?.version };
    entry.serving = found;
    this.#parts.log.info(facts, `model "${found.model}" is served in version ${found.version}`);
    if (entry.model === this.defaultName) this.#parts.onDefault?.(model);
    return true;
  }

  async #openVersion(entry: ModelEntry, found: FoundVersion): Promise<Lease> {
    const known = entry.refusalOf(found);
    if (known !== undefined) throw known;
    return this.#pool.acquire(keyOf(found), () => openFound(this.#parts, entry, found));
  }

  #describe(entry: ModelEntry, found: FoundVersion): ListedVersion {
    const { version } = found;
    const refusal = entry.refusalOf(found);
    if (refusal !== undefined) return { version, state: 'refused', reason: refusal.message };
    return { version, state: this.#pool.isOpen(keyOf(found)) ? 'loaded' : 'available', reason: '' };
  }

  #find(model: string | undefined): ModelEntry {
    const name = this.#nameOf(model);
    const entry = this.#entries.get(name);
    const unreadable = entry === undefined ? this.#last.get(name)?.unreadable : undefined;
    if (unreadable !== undefined) throw modelUnreadable(name, unreadable);
    if (entry === undefined) throw this.#notFound(name);
    if (entry.unloaded) throw modelUnloaded(name);
    return entry;
  }

  #nameOf(model: string | undefined): string {
    if (model !== undefined && model !== '') return checkName('model', model);
    const name = this.defaultName;
    if (name !== undefined) return name;
    const message = 'the request names no model, and this server has no default one: name one, or set --default-model';
    throw new AristarchError('INVALID_INPUT', message);
  }

  /** The default model's live page has to be there at once, and what has gone from the disk could not be opened again. */
  #isKept({ description: { name, version } }: OpenModel): boolean {
    const entry = this.#entries.get(name);
    if (entry?.serving?.version !== version) return false;
    return name === this.defaultName || entry.servesWhatIsGone;
  }

  #notFound(model: string): AristarchError {
    return modelNotFound(model, this.#hidesNames ? [] : [...this.#entries.keys()]);
  }
}

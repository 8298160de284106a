import { AristarchError, type ErrorCode, toAristarchError } from '../../base/errors.ts';
import { nearNames } from '../../base/near-names.ts';
import { checkName } from './names.ts';
import { keyOf, NOTHING_FOUND, type FoundModel, type FoundVersion } from './scan.ts';
import { NO_RULES, parseServingRules, SERVING_FILE, type ServingRules, type ServingText } from './serving-rules.ts';

/** Faults of the files themselves, which another try would find again; a lack of memory, say, is none. */
export const FAULTS_OF_FILES: ReadonlySet<ErrorCode> = new Set([
  'ARTEFACT_INVALID',
  'RATE_UNSUPPORTED',
  'PRECONDITION_FAILED',
  'SCHEMA_MISMATCH',
  'INVALID_INPUT',
]);

const NONE: ReadonlySet<string> = new Set();

/** What a repository knows of one model: its versions on the disk, which of them serves, and which cannot be served. */
export class ModelEntry {
  readonly model: string;
  /** Refuses requests until the model is loaded again. */
  unloaded = false;
  /** What answers requests that name no version; it may have gone from the disk since it was opened. */
  serving: FoundVersion | undefined;
  #found: FoundModel = NOTHING_FOUND;
  #versions: readonly FoundVersion[] = [];
  #rules: ServingRules = NO_RULES;
  #fault: AristarchError | undefined;
  /** By key, which changes with the files: what cannot be served is left alone as long as they stay. */
  readonly #refused = new Map<string, AristarchError>();
  /** Calls that load it at present, and whether it was unloaded before them and none of them has succeeded. */
  #loading = 0;
  #isTried = false;

  constructor(model: string) {
    this.model = model;
  }

  /** Oldest first; what serves is as it was when it could last be read. */
  get versions(): readonly FoundVersion[] {
    return this.#versions;
  }

  get found(): FoundModel {
    return this.#found;
  }

  /** What its serving.json says; where that cannot be used, what it said before. */
  get rules(): ServingRules {
    return this.#rules;
  }

  /** Why its serving.json cannot be used. */
  get rulesFault(): AristarchError | undefined {
    return this.#fault;
  }

  /** Takes over what was found on the disk; answers what is there no more, but for what serves. */
  take(next: FoundModel): readonly FoundVersion[] {
    const { serving } = this;
    const isKept = ({ version, unreadable }: FoundVersion): boolean =>
      unreadable !== undefined && version === serving?.version;
    const versions = next.versions.map((found) => (isKept(found) ? serving! : found));
    const keys = new Set(versions.map(keyOf));
    const gone = this.versions.filter((found) => !keys.has(keyOf(found)) && !this.isServing(found));
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
    for (const found of versions) if (found.unreadable !== undefined) this.refuse(found, cannotBeRead(found));
    this.#found = next;
    this.#versions = versions;
    this.#takeRules(next.serving);
    return gone;
  }

  #takeRules(text: ServingText): void {
    try {
      this.#rules = parseServingRules(this.model, text);
      this.#fault = undefined;
    } catch (thrown) {
      this.#fault = toAristarchError(thrown);
    }
  }

  isServing(found: FoundVersion): boolean {
    return this.serving !== undefined && keyOf(this.serving) === keyOf(found);
  }

  /**
   * What may serve, the best first: the pinned version, where one is pinned, else the newest; none, where it cannot be known what is
   * pinned. What serves already may go on.
   */
  candidates(): readonly FoundVersion[] {
    const sound = this.versions.filter((found) => !this.#refused.has(keyOf(found))).toReversed();
    const { version: pinned } = this.#rules;
    if (pinned === undefined && this.#fault === undefined) return sound;
    const wanted = sound.filter(({ version }) => this.#fault === undefined && version === pinned);
    return [...wanted, ...sound.filter((found) => this.isServing(found) && !wanted.includes(found))];
  }

  /** What should serve, but for those of these keys; undefined where nothing may. */
  best(but: Pick<ReadonlyMap<string, unknown>, 'has'> = NONE): FoundVersion | undefined {
    return this.candidates().find((found) => !but.has(keyOf(found)));
  }

  /** Whether there is a version that should take the place of the one that serves. */
  get isBehind(): boolean {
    const best = this.best();
    return this.serving !== undefined && best !== undefined && !this.isServing(best);
  }

  /** Whether what serves has gone from the disk, or cannot be read, so that it could not be opened again. */
  get servesWhatIsGone(): boolean {
    return this.serving !== undefined && !this.#found.versions.some((found) => this.isServing(found));
  }

  /** Throws `NOT_FOUND`, and `INVALID_INPUT` for what cannot be a version. */
  find(version: string): FoundVersion {
    const wanted = checkName('version', version);
    const found = this.versions.find((each) => each.version === wanted);
    if (found !== undefined) return found;
    const names = this.versions.map((each) => each.version);
    const message = `model "${this.model}" has no version "${wanted}"; ${hintAt(wanted, names)}`;
    throw new AristarchError('NOT_FOUND', message, { model: this.model, version: wanted });
  }

  refuse(found: FoundVersion, error: AristarchError): void {
    this.#refused.set(keyOf(found), error);
  }

  refusalOf(found: FoundVersion): AristarchError | undefined {
    return this.#refused.get(keyOf(found));
  }

  /** Lets every version be tried once more. */
  #forgive(): void {
    const readable = ({ unreadable }: FoundVersion): boolean => unreadable === undefined;
    for (const found of this.versions.filter(readable)) this.#refused.delete(keyOf(found));
  }

  /** A call loads it: whoever asks for it by name may know that a fault has gone which the files do not show. */
  beginLoad(): void {
    this.#loading++;
    this.#isTried ||= this.unloaded;
    this.unloaded = false;
    this.#forgive();
  }

  /** The call has succeeded, or failed; whether it has to be unloaded again: what fails brings nothing back, unless another call has. */
  endLoad(loaded: boolean): boolean {
    this.#loading--;
    if (loaded) this.#isTried = false;
    if (this.#loading > 0) return false;
    const failed = this.#isTried;
    this.#isTried = false;
    return failed;
  }

  /** Why nothing can be served. */
  nothingLeft(): AristarchError {
    const { version: pinned } = this.#rules;
    if (this.#fault !== undefined) return this.#fault;
    if (pinned !== undefined && !this.versions.some(({ version }) => version === pinned)) {
      const message = `model "${this.model}" is pinned to version "${pinned}" by its ${SERVING_FILE}, and there is none: pin another one`;
      return new AristarchError('PRECONDITION_FAILED', message, { model: this.model, pinned });
    }
    const refused = [...this.#refused.values()];
    const message = `model "${this.model}" has no version that can be served: ${refused.map((each) => each.message).join('; ')}`;
    // What cannot be read may be sound.
    if (!refused.some(mayPass)) return new AristarchError('ARTEFACT_INVALID', message, { model: this.model });
    return new AristarchError('PRECONDITION_FAILED', message, { model: this.model, ...MAY_PASS });
  }
}

/** Said of a model that was unloaded, or cannot be read at present: whoever waits for it may have it. */
const MAY_PASS = { mayPass: true } as const;

/** Whether a fault of a model is over once somebody brings it back, its files being as they are. */
export const mayPass = ({ data }: AristarchError): boolean => data['mayPass'] === true;

/** Callers are told no place on the disk: what the error says of the version's folder, it says of NAME/VERSION. */
export function withoutPlace(error: AristarchError, { model, version, folder }: FoundVersion): AristarchError {
  const clean = (text: string): string => text.replaceAll(folder, `${model}/${version}`);
  const data: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error.data)) data[key] = typeof value === 'string' ? clean(value) : value;
  return new AristarchError(error.code, clean(error.message), data, error);
}

export function modelUnreadable(model: string, why: string): AristarchError {
  const message = `the folder of model "${model}" cannot be read (${why}): let this process's user read it`;
  return new AristarchError('PRECONDITION_FAILED', message, { model, ...MAY_PASS });
}

export function modelUnloaded(model: string): AristarchError {
  return new AristarchError('PRECONDITION_FAILED', `model "${model}" was unloaded; LoadModel brings it back`, {
    ...{ model, ...MAY_PASS },
  });
}

function cannotBeRead({ model, version, unreadable = '' }: FoundVersion): AristarchError {
  const message = `version ${version} of model "${model}" cannot be read (${unreadable}): let this process's user read its folder and what is in it`;
  return new AristarchError('PRECONDITION_FAILED', message, { model, version, ...MAY_PASS });
}

export function modelNotFound(model: string, models: readonly string[]): AristarchError {
  const message = `there is no model "${model}"; ${hintAt(model, models)}`;
  return new AristarchError('NOT_FOUND', message, { model });
}

function hintAt(wanted: string, names: readonly string[]): string {
  const near = nearNames(wanted, names).map((name) => `"${name}"`);
  return near.length === 0 ? 'ListModels lists those there are' : `did you mean ${near.join(' or ')}?`;
}

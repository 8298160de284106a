import { AristarchError } from '../../base/errors.ts';
import { nearNames } from '../../base/near-names.ts';
import { checkName } from './names.ts';
import { keyOf, type FoundVersion } from './scan.ts';

/** What a repository knows of one model: its versions on the disk, which of them serves, and which cannot be served. */
export class ModelEntry {
  readonly model: string;
  /** Refuses requests until the model is loaded again. */
  unloaded = false;
  /** What answers requests that name no version; it may have gone from the disk since it was opened. */
  serving: FoundVersion | undefined;
  #versions: readonly FoundVersion[] = [];
  /** By key, which changes with the files: what cannot be served is left alone as long as they stay. */
  readonly #refused = new Map<string, AristarchError>();

  constructor(model: string) {
    this.model = model;
  }

  /** Oldest first. */
  get versions(): readonly FoundVersion[] {
    return this.#versions;
  }

  /** Takes over what was found on the disk; answers what is there no more, but for what serves. */
  take(versions: readonly FoundVersion[]): readonly FoundVersion[] {
    const keys = new Set(versions.map(keyOf));
    const gone = this.#versions.filter((found) => !keys.has(keyOf(found)) && !this.isServing(found));
    for (const key of this.#refused.keys()) if (!keys.has(key)) this.#refused.delete(key);
    this.#versions = versions;
    return gone;
  }

  isServing(found: FoundVersion): boolean {
    return this.serving !== undefined && keyOf(this.serving) === keyOf(found);
  }

  /** What may serve, the newest first. */
  candidates(): readonly FoundVersion[] {
    return this.#versions.filter((found) => !this.#refused.has(keyOf(found))).toReversed();
  }

  /** Whether there is a version that should take the place of the one that serves. */
  get isBehind(): boolean {
    const [best] = this.candidates();
    return this.serving !== undefined && best !== undefined && !this.isServing(best);
  }

  /** Whether what serves has gone from the disk, so that it could not be opened again. */
  get servesWhatIsGone(): boolean {
    return this.serving !== undefined && !this.#versions.some((found) => this.isServing(found));
  }

  /** Throws `NOT_FOUND`, and `INVALID_INPUT` for what cannot be a version. */
  find(version: string): FoundVersion {
    const wanted = checkName('version', version);
    const found = this.#versions.find((each) => each.version === wanted);
    if (found !== undefined) return found;
    const names = this.#versions.map((each) => each.version);
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
  forgive(): void {
    this.#refused.clear();
  }

  /** Why nothing can be served. */
  nothingLeft(): AristarchError {
    const reasons = [...this.#refused.values()].map(({ message }) => message).join('; ');
    const message = `model "${this.model}" has no version that can be served: ${reasons}`;
    return new AristarchError('ARTEFACT_INVALID', message, { model: this.model });
  }
}

export function modelNotFound(model: string, folder: string, models: readonly string[]): AristarchError {
  const message = `there is no model "${model}" in ${folder}; ${hintAt(model, models)}`;
  return new AristarchError('NOT_FOUND', message, { model });
}

function hintAt(wanted: string, names: readonly string[]): string {
  const near = nearNames(wanted, names).map((name) => `"${name}"`);
  return near.length === 0 ? 'ListModels lists those there are' : `did you mean ${near.join(' or ')}?`;
}

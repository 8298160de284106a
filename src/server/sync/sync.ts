import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AristarchError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import { toOperatorError } from '../../base/system-faults.ts';
import { type FoundModels, scanRepository } from '../models/scan.ts';
import { parseServingRules, SERVING_FILE } from '../models/serving-rules.ts';
import { fetchIfThere, fetchVersion, type FetchParts, STAGING } from './fetch-version.ts';

export interface SyncParts extends FetchParts {
  /** Whether versions, and a serving.json, that the source has no more are removed. */
  readonly removes: boolean;
}

/** What one pass did; names are MODEL/VERSION, and MODEL/serving.json. */
export interface SyncSummary {
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: number;
  readonly failed: readonly { readonly name: string; readonly error: AristarchError }[];
}

type Outcome = 'added' | 'replaced' | 'removed' | 'unchanged';
type Note = (name: string, work: () => Promise<Outcome>) => Promise<void>;

const MOST_RULES_BYTES = 64 * 1024;

/**
 * Makes a repository's folder what the source is, version by version; one that cannot be had does not hold up the others. What says
 * which version serves comes after the versions, and only where all of them came. Throws where the source cannot be listed, and
 * then nothing has changed.
 */
export async function syncModels(parts: SyncParts): Promise<SyncSummary> {
  const { source, to, removes, signal } = parts;
  const models = await source.list();
  await mkdir(to, { recursive: true });
  const outcomes: { name: string; outcome: Outcome }[] = [];
  const failed: { name: string; error: AristarchError }[] = [];
  const note: Note = async (name, work) => {
    if (signal?.aborted === true) return;
    try {
      outcomes.push({ name, outcome: await work() });
    } catch (thrown) {
      failed.push({ name, error: toOperatorError(thrown) });
    }
  };
  for (const [model, versions] of models) {
    const before = failed.length;
    for (const version of versions) await note(`${model}/${version}`, () => fetchVersion(parts, model, version));
    if (failed.length === before) await note(`${model}/${SERVING_FILE}`, () => syncRules(parts, model));
  }
  if (removes) await removeOthers(to, models, source.shown, note);
  const named = (wanted: Outcome): string[] =>
    outcomes.filter(({ outcome }) => outcome === wanted).map(({ name }) => name);
  const [added, replaced, removed] = [named('added'), named('replaced'), named('removed')];
  return { added, replaced, removed, unchanged: named('unchanged').length, failed };
}

async function syncRules({ source, to, removes }: SyncParts, model: string): Promise<Outcome> {
  const path = join(to, model, SERVING_FILE);
  const before = await readFile(path, 'utf8').catch(() => undefined);
  const text = await fetchIfThere(source, `${model}/${SERVING_FILE}`, MOST_RULES_BYTES);
  if (text === before || (text === undefined && !removes)) return 'unchanged';
  if (text === undefined) {
    await rm(path);
    return 'removed';
  }
  parseServingRules(model, { text, unreadable: '' });
  await writeFileAtomic(path, text);
  return before === undefined ? 'added' : 'replaced';
}

async function removeOthers(
  to: string,
  models: ReadonlyMap<string, readonly string[]>,
  shown: string,
  note: Note,
): Promise<void> {
  const found: FoundModels = await scanRepository(to);
  if (models.size === 0 && found.size > 0) {
    const message = `${shown} has no models, and ${to} has some: nothing is removed, since an address that is wrong looks the same`;
    throw new AristarchError('PRECONDITION_FAILED', message, { from: shown, to });
  }
  for (const [model, { versions }] of found) {
    for (const { version } of versions) {
      if (models.get(model)?.includes(version) === true) continue;
      await note(`${model}/${version}`, () => removeVersion(to, model, version));
    }
  }
}

/** Out of the server's sight in one step, then for good. */
async function removeVersion(to: string, model: string, version: string): Promise<Outcome> {
  const trash = join(to, STAGING, `removed-${randomUUID()}`);
  await mkdir(join(to, STAGING), { recursive: true });
  await rename(join(to, model, version), trash);
  await rm(trash, { recursive: true, force: true });
  return 'removed';
}

import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkTarget, isMissing } from '../base/files.ts';
import { decodeProgress } from './progress-file.ts';
import { plural } from './report/format.ts';

export interface MakeRoomOptions {
  /** Whether a folder is a checkpoint of ours, and nobody else's. */
  readonly mayReplace: (folder: string) => Promise<boolean>;
  /** Told what was there and what became of it, before the run begins. */
  readonly warn: (message: string) => void;
  /** What the run of a `run.json` was given, and this one is not. Throws where the text is damaged. */
  readonly differences: (runText: string) => readonly { readonly said: string }[];
}

interface Found {
  readonly steps: number;
  readonly differences: readonly { readonly said: string }[];
}

const STATE_FILE = /^[^.].*\.state$/;

/**
 * Makes room for a new checkpoint. Hours may be in the old one, so it is moved and not removed; one is kept at most, since a
 * job that is started again and again must neither get stuck nor fill the disk: the one with most steps, for a start that
 * fails early must not cost the work before it. What no run could go on from is removed.
 */
export async function makeRoom(folder: string, options: MakeRoomOptions): Promise<void> {
  const aside = asideOf(folder);
  const found = await look(folder, options.differences);
  if (found === 'nothing') return remove(folder);
  if (found === 'damaged') {
    options.warn(`the checkpoint ${folder} is damaged and is removed: this run starts anew`);
    return remove(folder);
  }
  await checkTarget(aside, { mayReplace: options.mayReplace });
  const older = await look(aside, () => []);
  const olderSteps = typeof older === 'string' ? 0 : older.steps;
  const isKept = found.steps >= olderSteps;
  options.warn(describe(folder, aside, found, { olderSteps, isKept }));
  if (!isKept) return remove(folder);
  await remove(aside);
  await rename(folder, aside);
}

/** Where the one checkpoint is that an earlier run left and a later one moved away. */
const asideOf = (folder: string): string => `${folder}.before`;

/** Steps of the checkpoint that was moved away; undefined where there is none that a run could go on from. */
export async function findAside(
  folder: string,
): Promise<{ readonly aside: string; readonly steps: string } | undefined> {
  const aside = asideOf(folder);
  const found = await look(aside, () => []);
  return typeof found === 'string' ? undefined : { aside, steps: plural(found.steps, 'step') };
}

/**
 * After a run that is done: an earlier one of the same settings and rows would come to the same bytes, and its checkpoint goes; that of another is
 * somebody's hours, and stays, and is told of, since nothing else would ever speak of it.
 */
export async function clearAside(folder: string, options: MakeRoomOptions): Promise<void> {
  const aside = asideOf(folder);
  const found = await look(aside, options.differences);
  if (found === 'nothing') return;
  if (found === 'damaged') {
    options.warn(`${aside} is still there, the checkpoint of a run that did not end, and it is damaged: remove it`);
    return;
  }
  if (found.differences.length === 0 && (await options.mayReplace(aside))) return remove(aside);
  options.warn(
    `${aside} is still there, the checkpoint of a run that did not end, after ${plural(found.steps, 'step')}, of other settings or rows (${found.differences.map(({ said }) => said).join('; ')}): remove it where nobody needs it`,
  );
}

/** The run whose checkpoint it was may be writing into it: then the folder is not empty at the first try. */
const remove = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });

async function look(
  folder: string,
  differences: MakeRoomOptions['differences'],
): Promise<Found | 'nothing' | 'damaged'> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const states = names.filter((name) => STATE_FILE.test(name)).map((name) => join(folder, name));
  if (states.length === 0) return 'nothing';
  try {
    const others = differences(await readFile(join(folder, 'run.json'), 'utf8'));
    let steps = 0;
    for (const path of states) steps += decodeProgress(path, await readFile(path)).stepsDone;
    return steps === 0 ? 'nothing' : { steps, differences: others };
  } catch {
    return 'damaged';
  }
}

function describe(
  folder: string,
  aside: string,
  { steps, differences }: Found,
  { olderSteps, isKept }: { olderSteps: number; isKept: boolean },
): string {
  const isSame = differences.length === 0;
  const use = isSame
    ? '--resume would go on from it'
    : `it is of other settings or rows (${differences.map(({ said }) => said).join('; ')})`;
  const found = `${folder} is the checkpoint of a run that did not end, after ${plural(steps, 'step')}: ${use}. This run starts anew`;
  const older = plural(olderSteps, 'step');
  if (!isKept) return `${found} and removes it, since ${aside} is one after ${older}, and one is kept at most`;
  const remedy = `stop this run, put ${aside} in the place of ${folder}, and give --resume${isSame ? '' : ' with what it had'}`;
  return `${found} and keeps it as ${aside}${olderSteps > 0 ? `, in place of one after ${older}` : ''}; to go on from it, ${remedy}`;
}

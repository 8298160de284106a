import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AristarchError, toAristarchError, type ErrorCode } from '../base/errors.ts';
import { checkTarget, isMissing, writeFileAtomic } from '../base/files.ts';
import { damaged, decodeProgress, encodeProgress } from './progress-file.ts';
import { clearAside, findAside, makeRoom } from './set-aside.ts';
import type { TaskProgress } from './steps/run-task.ts';

/** Where a run that was cut left off: one file a task, and one that says which run it was. */
export interface Checkpoint {
  readonly folder: string;
  load(task: string): Promise<TaskProgress | undefined>;
  /** Throws `PRECONDITION_FAILED` where another process has started a run in this folder. */
  save(task: string, progress: TaskProgress): Promise<void>;
  /** Removes the folder, unless another process has started a run in it: this run comes to nothing. */
  remove(): Promise<void>;
  /** The same where the model is written; what an earlier run of the same settings and rows left goes too. */
  finish(): Promise<void>;
}

export interface CheckpointStart {
  /** Go on from the checkpoint that is there. */
  readonly resume: boolean;
  /** Told what becomes of one that is there where the run does not go on from it. */
  readonly warn: (message: string) => void;
}

/** What must be equal for a run to go on to the same bytes. */
export type RunIdentity = Readonly<Record<string, unknown>>;

const RUN_FILE = 'run.json';
/** Which process writes here: the last that was started. Two at once would mix their states, and remove each other's. */
const OWNER_FILE = 'owner';
/** What a checkpoint may hold, halves of atomic writes included. */
const OWN_FILE = /^\.?(run\.json|owner|[\w.-]+\.state)(\.tmp-[\w-]+)?$/;

/**
 * Starts a checkpoint folder anew, setting aside one that is there, or, with `resume`, checks that it is of the same run. Throws
 * `NOT_FOUND`, `PRECONDITION_FAILED` or `ARTEFACT_INVALID` where it cannot go on, `PRECONDITION_FAILED` where the folder
 * cannot be written.
 */
export async function openCheckpoint(
  folder: string,
  identity: RunIdentity,
  { resume, warn }: CheckpointStart,
): Promise<Checkpoint> {
  if (resume) await checkIdentity(folder, identity);
  else await startAnew(folder, identity, warn);
  const fileOf = (task: string): string => join(folder, `${task}.state`);
  const owner = randomUUID();
  await writeFileAtomic(join(folder, OWNER_FILE), owner);
  const isOwner = async (): Promise<boolean> =>
    (await readFile(join(folder, OWNER_FILE), 'utf8').catch(none)) === owner;
  const remove = async (): Promise<void> => {
    if (await isOwner()) await rm(folder, { recursive: true, force: true });
  };
  return {
    folder,
    load: async (task) => {
      if (!resume) return undefined;
      const path = fileOf(task);
      const bytes = await readFile(path).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      return bytes && decodeProgress(path, bytes);
    },
    save: async (task, progress) => {
      if (!(await isOwner())) throw takenOver(folder);
      await writeFileAtomic(fileOf(task), encodeProgress(progress)).catch(async (fault: unknown) => {
        // The folder may be taken between the look and the write; that is then the reason.
        throw (await isOwner()) ? fault : takenOver(folder);
      });
    },
    remove,
    finish: async () => {
      await remove();
      await clearAside(folder, { mayReplace, warn, differences: (text) => differencesTo(folder, text, identity) });
    },
  };
}

/** Faults after which going on from the checkpoint would only end the same way. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['TRAINING_DIVERGED', 'INVALID_INPUT']);

/** Runs what fits; where it can never succeed, its checkpoint goes with it. */
export async function clearIfHopeless<T>(checkpoint: Checkpoint, fit: () => Promise<T>): Promise<T> {
  try {
    return await fit();
  } catch (thrown) {
    if (HOPELESS.has(toAristarchError(thrown).code)) await checkpoint.remove();
    throw thrown;
  }
}

const none = (): undefined => undefined;

function takenOver(folder: string): AristarchError {
  const message = `the checkpoint ${folder} was removed, or another run with the same --out has taken it: this run stops. Give each run an --out of its own`;
  return new AristarchError('PRECONDITION_FAILED', message, { folder });
}

const mayReplace = async (path: string): Promise<boolean> => (await readdir(path)).every((name) => OWN_FILE.test(name));

/** Moves what is there only where it is a checkpoint, be it half of one: a folder of somebody's own is refused. */
async function startAnew(folder: string, identity: RunIdentity, warn: CheckpointStart['warn']): Promise<void> {
  await checkTarget(folder, { mayReplace });
  await makeRoom(folder, { mayReplace, warn, differences: (text) => differencesTo(folder, text, identity) });
  await writeFileAtomic(join(folder, RUN_FILE), `${JSON.stringify(identity, null, 2)}\n`);
}

async function checkIdentity(folder: string, identity: RunIdentity): Promise<void> {
  const text = await readFile(join(folder, RUN_FILE), 'utf8').catch(async (cause: unknown) => {
    const set = await findAside(folder);
    const other =
      set && `, but ${set.aside} is one that was set aside, after ${set.steps}: put it in the place of ${folder}, or`;
    throw new AristarchError(
      'NOT_FOUND',
      `there is no checkpoint at ${folder} to go on from${other ?? ':'} start without --resume`,
      { folder },
      cause,
    );
  });
  const differences = differencesTo(folder, text, identity);
  if (differences.length === 0) return;
  throw new AristarchError(
    'PRECONDITION_FAILED',
    `the checkpoint at ${folder} is of another run: ${differences.map(({ said }) => said).join('; ')}. Give what it was, or start without --resume`,
    { folder, changed: differences.map(({ key }) => key) },
  );
}

/** What a run was, and is now. Throws `ARTEFACT_INVALID`. */
function differencesTo(folder: string, text: string, identity: RunIdentity): { key: string; said: string }[] {
  const before = parseIdentity(folder, text);
  const now = JSON.parse(JSON.stringify(identity)) as Record<string, unknown>;
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...keys]
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]))
    .map((key) => ({ key, said: `${key} was ${JSON.stringify(before[key])}, is ${JSON.stringify(now[key])}` }));
}

function parseIdentity(folder: string, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(folder, cause);
  }
}

import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AristarchError, toAristarchError, type ErrorCode } from '../base/errors.ts';
import { checkTarget, isMissing, writeFileAtomic } from '../base/files.ts';
import type { TaskProgress } from './steps/run-task.ts';

/** Where a run that was cut left off: one file a task, and one that says which run it was. */
export interface Checkpoint {
  readonly folder: string;
  load(task: string): Promise<TaskProgress | undefined>;
  /** Throws `PRECONDITION_FAILED` where another process has started a run in this folder. */
  save(task: string, progress: TaskProgress): Promise<void>;
  /** Removes the folder, unless another process has started a run in it: this run is done. */
  remove(): Promise<void>;
}

/** What must be equal for a run to go on to the same bytes. */
export type RunIdentity = Readonly<Record<string, unknown>>;

const RUN_FILE = 'run.json';
/** Which process writes here: the last that was started. Two at once would mix their states, and remove each other's. */
const OWNER_FILE = 'owner';
/** What a checkpoint may hold, halves of atomic writes included. */
const OWN_FILE = /^\.?(run\.json|owner|[\w.-]+\.state)(\.tmp-[\w-]+)?$/;

/**
 * Starts a checkpoint folder anew, or, with `resume`, checks that the one that is there is of the same run. Throws
 * `NOT_FOUND`, `PRECONDITION_FAILED` or `ARTEFACT_INVALID` where it cannot go on, `PRECONDITION_FAILED` where the folder
 * cannot be written.
 */
export async function openCheckpoint(folder: string, identity: RunIdentity, resume: boolean): Promise<Checkpoint> {
  if (resume) await checkIdentity(folder, identity);
  else await startAnew(folder, identity);
  const fileOf = (task: string): string => join(folder, `${task}.state`);
  const owner = randomUUID();
  await writeFileAtomic(join(folder, OWNER_FILE), owner);
  const isOwner = async (): Promise<boolean> =>
    (await readFile(join(folder, OWNER_FILE), 'utf8').catch(none)) === owner;
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
    remove: async () => {
      if (await isOwner()) await rm(folder, { recursive: true, force: true });
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

/** Removes what is there only where it is a checkpoint, be it half of one: a folder of somebody's own is refused. */
async function startAnew(folder: string, identity: RunIdentity): Promise<void> {
  const mayReplace = async (): Promise<boolean> => (await readdir(folder)).every((name) => OWN_FILE.test(name));
  await checkTarget(folder, { mayReplace });
  // The run whose checkpoint it was may be writing into it: then the folder is not empty at the first try.
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  await writeFileAtomic(join(folder, RUN_FILE), `${JSON.stringify(identity, null, 2)}\n`);
}

async function checkIdentity(folder: string, identity: RunIdentity): Promise<void> {
  const text = await readFile(join(folder, RUN_FILE), 'utf8').catch((cause: unknown) => {
    throw new AristarchError(
      'NOT_FOUND',
      `there is no checkpoint at ${folder} to go on from: start without --resume`,
      { folder },
      cause,
    );
  });
  const before = parseIdentity(folder, text);
  const now = JSON.parse(JSON.stringify(identity)) as Record<string, unknown>;
  const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
  const changed = [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(now[key]));
  if (changed.length === 0) return;
  const differences = changed.map((key) => `${key} was ${JSON.stringify(before[key])}, is ${JSON.stringify(now[key])}`);
  throw new AristarchError(
    'PRECONDITION_FAILED',
    `the checkpoint at ${folder} is of another run: ${differences.join('; ')}. Give what it was, or start without --resume`,
    { folder, changed },
  );
}

function parseIdentity(folder: string, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw damaged(folder, cause);
  }
}

function damaged(path: string, cause: unknown): AristarchError {
  const message = `the checkpoint ${path} is damaged: start without --resume, which removes it`;
  return new AristarchError('ARTEFACT_INVALID', message, { path }, cause);
}

const headerSchema = z.strictObject({
  stepsDone: z.number().int().nonnegative(),
  rateFactor: z.number().positive(),
  rollbacks: z.array(z.strictObject({ step: z.number(), reason: z.string() })),
  history: z.record(z.string(), z.array(z.number())),
  variables: z.array(z.strictObject({ name: z.string(), length: z.number().int() })),
});

const HASH_BYTES = 32;

/** Length of the header (4 bytes, little-endian), header as JSON, the variables' float32 values, SHA-256 of all before. */
export function encodeProgress({ state, ...rest }: TaskProgress): Uint8Array {
  const variables = Object.entries(state).map(([name, { length }]) => ({ name, length }));
  const header = Buffer.from(JSON.stringify({ ...rest, variables }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const content = Buffer.concat([length, header, ...Object.values(state).map(bytesOf)]);
  return Buffer.concat([content, sha256(content)]);
}

/** Throws `ARTEFACT_INVALID` where the bytes are not what `encodeProgress` wrote. */
export function decodeProgress(path: string, bytes: Buffer): TaskProgress {
  try {
    const content = bytes.subarray(0, bytes.length - HASH_BYTES);
    if (!sha256(content).equals(bytes.subarray(content.length))) throw new Error('its hash is wrong');
    const headerEnd = 4 + content.readUInt32LE(0);
    const parsed: unknown = JSON.parse(content.subarray(4, headerEnd).toString());
    const { variables, ...rest } = headerSchema.parse(parsed);
    // A copy, since floats must start at a multiple of four.
    const payload = Uint8Array.from(content.subarray(headerEnd));
    let at = 0;
    const state = variables.map(({ name, length }) => {
      const values = new Float32Array(payload.buffer, at, length);
      at += values.byteLength;
      return [name, values] as const;
    });
    return { ...rest, state: Object.fromEntries(state) };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

import type { KeyObject } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { types } from 'node:util';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { isMissing } from '../../base/files.ts';
import { CRITIC_FILE, isPlainName, isSealed, MANIFEST_FILE, MANIFEST_HASH_KEY, sha256Of } from './layout.ts';
import { modelsBelow } from './models-below.ts';
import { isSignedBy, SIGNATURE_FILE } from './signature.ts';
import { MANIFEST_VERSION, manifestSchema, type Manifest } from './manifest.ts';

/** A model's folder that was found whole. */
export interface Artefact {
  readonly folder: string;
  readonly manifest: Manifest;
  /** Bytes of one of `manifest.files`, checked against its hash once more, since a folder can change after it was opened. */
  readonly read: (name: string) => Promise<Uint8Array>;
}

export interface ReadOptions {
  /** Public keys, one of which must have signed the model; any model is taken when absent. */
  readonly trustedKeys?: readonly KeyObject[] | undefined;
}

const RETRAIN = 'copy the folder again from where it was trained, or train again';

/**
 * Opens a model's folder and checks all of it: the manifest's version, hash and schema, and every file's presence and
 * hash. Throws `NOT_FOUND` where there is no folder, `UNAVAILABLE` where a file cannot be read for a reason that may pass, else
 * `ARTEFACT_INVALID` that says which file is wrong and what to do.
 */
export async function readArtefact(folder: string, { trustedKeys }: ReadOptions = {}): Promise<Artefact> {
  const root = await realpath(folder).catch((error: unknown) => {
    throw folderError(folder, error);
  });
  const text = await readManifestText(folder, root);
  if (trustedKeys !== undefined) await checkSignature(folder, root, text, trustedKeys);
  const manifest = checkManifest(folder, text);
  if (!Object.hasOwn(manifest.files, CRITIC_FILE))
    throw invalid(folder, `${MANIFEST_FILE} names no ${CRITIC_FILE}`, RETRAIN);
  const read = (name: string) => readChecked(folder, root, name, manifest.files[name]);
  for (const name of Object.keys(manifest.files)) await read(name);
  return { folder, manifest, read };
}

function folderError(folder: string, error: unknown): AristarchError {
  if (isPassing(error)) return notAtPresent(folder, folder, error);
  const remedy = 'give the folder that "train --out" wrote';
  const why = isMissing(error) ? 'does not exist' : `cannot be read (${messageOf(error)})`;
  return new AristarchError('NOT_FOUND', `the model folder ${folder} ${why}: ${remedy}`, { folder }, error);
}

function invalid(folder: string, fault: string, remedy: string, cause?: unknown): AristarchError {
  return new AristarchError(
    'ARTEFACT_INVALID',
    `the model in ${folder} cannot be used: ${fault}; ${remedy}`,
    { folder, fault },
    cause,
  );
}

/** What may pass by itself: too many open files, too little memory, a disk or a file server that does not answer. */
const PASSING: ReadonlySet<unknown> = new Set([
  ...['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EBUSY', 'EINTR'],
  ...['EIO', 'ESTALE', 'ETIMEDOUT', 'EHOSTDOWN', 'ECONNRESET', 'ENOTCONN'],
]);

/** What may pass says nothing of the model: whoever serves it tries again, and does not take it for broken. */
function fileError(folder: string, name: string, error: unknown, remedy: string): AristarchError {
  if (isMissing(error)) return invalid(folder, `${name} is missing`, remedy, error);
  if (isPassing(error)) return notAtPresent(folder, name, error);
  return invalid(folder, `${name} cannot be read (${messageOf(error)})`, remedy, error);
}

const isPassing = (error: unknown): boolean => types.isNativeError(error) && 'code' in error && PASSING.has(error.code);

function notAtPresent(folder: string, name: string, error: unknown): AristarchError {
  const message = `the model in ${folder} cannot be read at present: ${name} (${messageOf(error)}); see to the limits of this process, and to the disk`;
  return new AristarchError('UNAVAILABLE', message, { folder, name }, error);
}

async function readManifestText(folder: string, root: string): Promise<string> {
  try {
    return await readFile(join(root, MANIFEST_FILE), 'utf8');
  } catch (error) {
    const below = await modelsBelow(folder);
    const remedy =
      below.length === 0
        ? 'give the folder that "train --out" wrote'
        : `give the folder of one model: ${below.join(', ')}`;
    if (isMissing(error)) throw invalid(folder, `there is no ${MANIFEST_FILE} in it`, remedy, error);
    throw fileError(folder, MANIFEST_FILE, error, remedy);
  }
}

/** Before the manifest is parsed: what is not signed is not looked at. */
async function checkSignature(
  folder: string,
  root: string,
  manifest: string,
  trustedKeys: readonly KeyObject[],
): Promise<void> {
  const remedy = 'sign it with "aristarch sign", or serve one that is signed';
  const signature = await readFile(join(root, SIGNATURE_FILE), 'utf8').catch((error: unknown) => {
    if (!isMissing(error)) throw fileError(folder, SIGNATURE_FILE, error, remedy);
    throw invalid(folder, `only signed models are taken, and its ${SIGNATURE_FILE} is not there`, remedy, error);
  });
  if (!isSignedBy(Buffer.from(manifest), signature, trustedKeys))
    throw invalid(folder, `its ${SIGNATURE_FILE} was made by none of the trusted keys, or for another model`, remedy);
}

function checkManifest(folder: string, text: string): Manifest {
  const parsed = parseObject(folder, text);
  const { manifestVersion, [MANIFEST_HASH_KEY]: hash, ...rest } = parsed;
  if (manifestVersion === undefined) {
    throw invalid(folder, `${MANIFEST_FILE} is not one of Aristarch's`, 'give the folder that "train --out" wrote');
  }
  if (manifestVersion !== MANIFEST_VERSION) throw invalid(folder, ...describeVersion(manifestVersion));
  if (typeof hash !== 'string' || !isSealed(text, hash)) {
    throw invalid(folder, `${MANIFEST_FILE} was changed after it was written (its hash differs)`, RETRAIN);
  }
  const checked = manifestSchema.safeParse({ manifestVersion, ...rest });
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw invalid(
    folder,
    `${MANIFEST_FILE} does not fit its layout${where} (${issue?.message ?? ''})`,
    RETRAIN,
    checked.error,
  );
}

function parseObject(folder: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch (error) {
    throw invalid(folder, `${MANIFEST_FILE} is not JSON (${messageOf(error)})`, RETRAIN, error);
  }
  throw invalid(folder, `${MANIFEST_FILE} is not one of Aristarch's`, 'give the folder that "train --out" wrote');
}

function describeVersion(version: unknown): [fault: string, remedy: string] {
  const newer = typeof version === 'number' && version > MANIFEST_VERSION;
  const remedy = newer ? 'it was written by a newer Aristarch: upgrade this one' : 'train again with this Aristarch';
  return [
    `its manifest has version ${JSON.stringify(version)}, and this Aristarch reads version ${MANIFEST_VERSION}`,
    remedy,
  ];
}

async function readChecked(folder: string, root: string, name: string, hash: string | undefined): Promise<Uint8Array> {
  if (hash === undefined)
    throw new AristarchError('NOT_FOUND', `the model in ${folder} has no ${name}`, { folder, name });
  if (!isPlainName(name))
    throw invalid(folder, `${MANIFEST_FILE} names ${JSON.stringify(name)}, which is no plain file name`, RETRAIN);
  const bytes = await readInside(folder, root, name);
  if (sha256Of(bytes) !== hash) throw invalid(folder, `${name} is corrupt or was changed (its hash differs)`, RETRAIN);
  return bytes;
}

/** Links are followed as long as they stay inside: Kubernetes mounts files as links into a sibling folder. */
async function readInside(folder: string, root: string, name: string): Promise<Uint8Array> {
  try {
    const path = await realpath(join(root, name));
    if (path.startsWith(root + sep)) return await readFile(path);
  } catch (error) {
    throw fileError(folder, name, error, RETRAIN);
  }
  throw invalid(folder, `${name} is a link that leaves the folder`, RETRAIN);
}

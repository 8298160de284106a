import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { AristarchError, messageOf, toAristarchError } from '../../base/errors.ts';
import { isMissing, writeFolder } from '../../base/files.ts';
import { isSystemFault, toOperatorError } from '../../base/system-faults.ts';
import { isPlainName, MANIFEST_FILE } from '../../models/artefact/layout.ts';
import { readArtefact } from '../../models/artefact/read.ts';
import { isSignedBy, SIGNATURE_FILE } from '../../models/artefact/signature.ts';
import { type ModelSource, readText } from './source.ts';

export interface FetchParts {
  readonly source: ModelSource;
  /** The repository's folder. */
  readonly to: string;
  /** Most bytes of one version, all files together. */
  readonly maxBytes: number;
  /** One of which must have signed a version; any version is taken when absent. */
  readonly trustedKeys?: readonly KeyObject[] | undefined;
  /** Ends what is being fetched; what has come stays in the staging folder. */
  readonly signal?: AbortSignal | undefined;
}

/** Where versions are put together; its name begins with a dot, so that the server does not see it. */
export const STAGING = '.sync';

const MOST_MANIFEST_BYTES = 64 * 1024 * 1024;
const MOST_SIGNATURE_BYTES = 4096;

export type Fetched = 'added' | 'replaced' | 'unchanged';

/**
 * Brings one version to its place, whole and checked, or leaves what is there. What was fetched before a fault stays in the staging
 * folder, and the next call goes on from there, in the middle of a file too. Throws `ARTEFACT_INVALID` for what is not as its
 * manifest says, or not signed, `RESOURCE_EXHAUSTED` for what is too large, `CANCELLED`, and what the source throws.
 */
export async function fetchVersion(parts: FetchParts, model: string, version: string): Promise<Fetched> {
  const { source, to, trustedKeys } = parts;
  const at = `${model}/${version}`;
  const texts = await fetchManifest(source, at);
  const target = join(to, model, version);
  const before = await readTexts(target);
  // What came before there were trusted keys is not to be called well.
  if (trustedKeys !== undefined) checkSignature(`${source.shown}${at}`, texts, trustedKeys);
  if (before.manifest === texts.manifest && before.signature === texts.signature) return 'unchanged';
  const stage = join(to, STAGING, model, version);
  await openStage(stage, texts);
  await fetchFiles(parts, at, stage, Object.entries(filesOf(`${source.shown}${at}`, texts.manifest)));
  const { manifest } = await readArtefact(stage, { trustedKeys });
  await mkdir(join(to, model), { recursive: true });
  const names = [
    ...Object.keys(manifest.files),
    MANIFEST_FILE,
    ...(texts.signature === undefined ? [] : [SIGNATURE_FILE]),
  ];
  const fill = async (folder: string): Promise<void> => {
    for (const name of names) await rename(join(stage, name), join(folder, name));
  };
  await writeFolder(target, fill, { mayReplace: () => Promise.resolve(true) });
  await rm(stage, { recursive: true, force: true });
  return before.manifest === undefined ? 'added' : 'replaced';
}

interface Texts {
  readonly manifest: string;
  readonly signature: string | undefined;
}

async function fetchManifest(source: ModelSource, at: string): Promise<Texts> {
  const path = `${at}/${MANIFEST_FILE}`;
  const manifest = await readText(path, await source.get(path), MOST_MANIFEST_BYTES);
  return { manifest, signature: await fetchIfThere(source, `${at}/${SIGNATURE_FILE}`, MOST_SIGNATURE_BYTES) };
}

/** Undefined where there is none. */
export async function fetchIfThere(source: ModelSource, path: string, maxBytes: number): Promise<string | undefined> {
  try {
    return await readText(path, await source.get(path), maxBytes);
  } catch (thrown) {
    if (toAristarchError(thrown).code === 'NOT_FOUND') return undefined;
    throw thrown;
  }
}

async function readTexts(folder: string): Promise<Partial<Texts>> {
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  const [manifest, signature] = [await read(MANIFEST_FILE), await read(SIGNATURE_FILE)];
  return { ...(manifest !== undefined && { manifest }), signature };
}

function checkSignature(shown: string, { manifest, signature }: Texts, keys: readonly KeyObject[]): void {
  if (signature !== undefined && isSignedBy(Buffer.from(manifest), signature, keys)) return;
  const why = signature === undefined ? `has no ${SIGNATURE_FILE}` : 'is signed by none of the trusted keys';
  throw new AristarchError('ARTEFACT_INVALID', `${shown} ${why}: sign it with "aristarch sign"`, { address: shown });
}

/** A stage of another manifest is begun anew. */
async function openStage(stage: string, { manifest, signature }: Texts): Promise<void> {
  if ((await readTexts(stage)).manifest !== manifest) await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  await writeFile(join(stage, MANIFEST_FILE), manifest);
  if (signature !== undefined) await writeFile(join(stage, SIGNATURE_FILE), signature);
}

const listSchema = z.object({ files: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)) });

/** Hashes by name, before the manifest as a whole is checked with what it names. */
function filesOf(shown: string, manifest: string): Readonly<Record<string, string>> {
  const refuse = (why: string, cause?: unknown): never => {
    throw new AristarchError('ARTEFACT_INVALID', `the manifest of ${shown} ${why}`, { address: shown }, cause);
  };
  try {
    const { files } = listSchema.parse(JSON.parse(manifest));
    for (const name of Object.keys(files)) {
      if (!isPlainName(name)) refuse(`names ${JSON.stringify(name.slice(0, 100))}, which is no plain file name`);
    }
    return files;
  } catch (thrown) {
    if (thrown instanceof AristarchError) throw thrown;
    return refuse(`lists no files (${messageOf(thrown).slice(0, 200)})`, thrown);
  }
}

async function fetchFiles(
  { source, maxBytes, signal }: FetchParts,
  at: string,
  stage: string,
  files: readonly (readonly [string, string])[],
): Promise<void> {
  let left = maxBytes;
  for (const [name, hash] of files) {
    const path = join(stage, name);
    if ((await hashOf(path)) !== hash) await fetchFile({ source, signal }, `${at}/${name}`, `${path}.part`, left);
    else continue;
    left -= (await stat(`${path}.part`)).size;
    const found = await hashOf(`${path}.part`);
    if (found === hash) await rename(`${path}.part`, path);
    else {
      await rm(`${path}.part`);
      const message = `${source.shown}${at}/${name} has not the hash that its manifest gives: copy the version there again`;
      throw new AristarchError('ARTEFACT_INVALID', message, { path: `${at}/${name}`, hash, found });
    }
  }
}

/** Breaks that are gone on from at once; later ones by the next run. */
const MOST_BREAKS = 3;

async function fetchFile(
  { source, signal }: Pick<FetchParts, 'source' | 'signal'>,
  path: string,
  part: string,
  maxBytes: number,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const from = await sizeOf(part);
    try {
      // What is whole already has nothing behind its end to ask for.
      const response = await source.get(path, from);
      const isRest = from > 0 && response.status === 206;
      const room = maxBytes - (isRest ? from : 0);
      const target = createWriteStream(part, { flags: isRest ? 'a' : 'w' });
      await pipeline(Readable.fromWeb(response.body!), createLimit(path, room, maxBytes), target, { signal });
      return;
    } catch (thrown) {
      if (thrown instanceof AristarchError && thrown.data['status'] === 416) {
        await rm(part, { force: true });
        if (attempt < MOST_BREAKS) continue;
      }
      if (thrown instanceof AristarchError) throw thrown;
      if (signal?.aborted === true)
        throw new AristarchError('CANCELLED', `${path} was not fetched to its end`, {}, thrown);
      // What the system says of our own file is not the source's break.
      if (isSystemFault(thrown)) throw toOperatorError(thrown);
      if (attempt < MOST_BREAKS) continue;
      throw new AristarchError(
        'UNAVAILABLE',
        `${path} broke off: ${messageOf(thrown)}; the next run goes on from there`,
        {},
        thrown,
      );
    }
  }
}

function createLimit(path: string, room: number, maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= room) done(null, chunk);
      else {
        const message = `the version of ${path} has more than ${maxBytes} bytes: raise --max-version-bytes if it may`;
        done(new AristarchError('RESOURCE_EXHAUSTED', message, { path }));
      }
    },
  });
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Undefined where there is no file. */
async function hashOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
  return hash.digest('hex');
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AristarchError } from '../../base/errors.ts';
import { checkTarget, writeFolder, type WriteFolderOptions } from '../../base/files.ts';
import { CRITIC_FILE, isPlainName, MANIFEST_FILE, sealManifest, sha256Of } from './layout.ts';
import { MANIFEST_VERSION, manifestSchema, type Manifest } from './manifest.ts';

/** What a model is made of, before it is a folder. */
export interface ArtefactContent {
  /** The manifest without what the writer adds: its version and the hashes. */
  readonly manifest: Omit<Manifest, 'manifestVersion' | 'files'>;
  /** File name -> content; `critic.onnx` must be among them. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
}

export interface WriteArtefactOptions {
  /** Whether a model at the target may be replaced; any other folder is refused in either case. */
  readonly replace?: boolean;
}

/**
 * Writes a model's folder atomically. Keys of the manifest always stand in the same order. Throws `PRECONDITION_FAILED`
 * where the folder is taken, `INTERNAL` where the content is no artefact.
 */
export async function writeArtefact(
  folder: string,
  content: ArtefactContent,
  options: WriteArtefactOptions = {},
): Promise<void> {
  const text = sealManifest(toManifest(content));
  const fill = async (temporary: string) => {
    for (const [name, bytes] of Object.entries(content.files)) await writeFile(join(temporary, name), bytes);
    await writeFile(join(temporary, MANIFEST_FILE), text);
  };
  await writeFolder(folder, fill, replacing(folder, options));
}

/** Refuses a folder that `writeArtefact` would refuse; training asks before it spends minutes. */
export async function checkArtefactTarget(folder: string, options: WriteArtefactOptions = {}): Promise<void> {
  await checkTarget(folder, replacing(folder, options));
}

function replacing(target: string, { replace = false }: WriteArtefactOptions): WriteFolderOptions {
  const mayReplace = async (path: string): Promise<boolean> => {
    const holdsModel = await isArtefact(path);
    if (holdsModel && !replace) throw holdsModelAlready(target);
    return holdsModel;
  };
  return { mayReplace };
}

function holdsModelAlready(folder: string): AristarchError {
  return new AristarchError(
    'PRECONDITION_FAILED',
    `${folder} already exists and holds a model: choose another folder, or replace the model with --replace`,
    { path: folder },
  );
}

/** Only a model is ever replaced, so that a mistyped `--out` cannot delete somebody's work. */
async function isArtefact(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => '');
  return text.includes('"manifestVersion"');
}

function toManifest({ manifest, files }: ArtefactContent): Manifest {
  const names = Object.keys(files).sort();
  const bad = names.find((name) => !isPlainName(name));
  if (bad !== undefined)
    throw new AristarchError('INTERNAL', `${bad} cannot be the name of a file in a model's folder`);
  if (!names.includes(CRITIC_FILE)) throw new AristarchError('INTERNAL', `a model's folder needs ${CRITIC_FILE}`);
  const hashes = Object.fromEntries(names.map((name) => [name, sha256Of(files[name]!)]));
  const libraries = Object.fromEntries(Object.entries(manifest.libraries).sort(([a], [b]) => (a < b ? -1 : 1)));
  // The schema's own order of keys, whatever order the caller built them in.
  return manifestSchema.parse({ ...manifest, manifestVersion: MANIFEST_VERSION, libraries, files: hashes });
}

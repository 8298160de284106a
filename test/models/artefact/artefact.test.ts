import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { messageOf } from '../../../src/base/errors.ts';
import { sealManifest } from '../../../src/models/artefact/layout.ts';
import { modelsBelow } from '../../../src/models/artefact/models-below.ts';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { checkArtefactTarget, writeArtefact, type ArtefactContent } from '../../../src/models/artefact/write.ts';
import { createManifest } from '../../support/artefacts.ts';

let home: string;
let folder: string;
const content: ArtefactContent = {
  manifest: createManifest(),
  files: { 'report.html': '<p>fine</p>', 'critic.onnx': new Uint8Array([8, 10, 0, 255]) },
};

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'aristarch-artefact-'));
  folder = join(home, 'm');
});

/** Rewrites the manifest with a change and a good hash, as a foreign writer would. */
async function reseal(change: (manifest: Record<string, unknown>) => Record<string, unknown>): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, sealManifest(change(manifest)));
}

async function flipByte(name: string, at: number): Promise<void> {
  const bytes = await readFile(join(folder, name));
  bytes[at]! ^= 1;
  await writeFile(join(folder, name), bytes);
}

describe('an artefact', () => {
  it('comes back as it was written', async () => {
    await writeArtefact(folder, content);
    const { manifest, read } = await readArtefact(folder);
    expect(manifest).toMatchObject({ ...content.manifest, manifestVersion: 1 });
    expect(Object.keys(manifest.files)).toEqual(['critic.onnx', 'report.html']);
    expect(Array.from(await read('critic.onnx'))).toEqual([8, 10, 0, 255]);
    expect(await readdir(home)).toEqual(['m']);
  });

  it('has the same bytes whatever the order in which it was put together', async () => {
    await writeArtefact(folder, content);
    const backwards = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).reverse()) as T;
    const other = { manifest: backwards(content.manifest), files: backwards(content.files) };
    await writeArtefact(join(home, 'n'), {
      ...other,
      manifest: { ...other.manifest, libraries: backwards(other.manifest.libraries) },
    });
    expect(await readFile(join(home, 'n', 'manifest.json'), 'utf8')).toBe(
      await readFile(join(folder, 'manifest.json'), 'utf8'),
    );
  });

  it('keeps a long calibration on one line of a manifest that people can read', async () => {
    await writeArtefact(folder, content);
    const lines = (await readFile(join(folder, 'manifest.json'), 'utf8')).split('\n');
    expect(lines.filter((line) => line.includes('"scores": [0, 0.1, 0.2'))).toHaveLength(1);
    expect(lines).toContain('  "manifestVersion": 1,');
  });

  it('never replaces anything unless told to, and then only a model', async () => {
    await writeArtefact(folder, content);
    await expect(writeArtefact(folder, content)).rejects.toThrow(`${folder} already exists`);
    await expect(checkArtefactTarget(folder)).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: `${folder} already exists and holds a model: choose another folder, or replace the model with --replace`,
    });
    const next = { ...content, manifest: createManifest({ version: 'next' }) };
    await writeArtefact(folder, next, { replace: true });
    expect((await readArtefact(folder)).manifest.version).toBe('next');

    const precious = join(home, 'precious');
    await mkdir(precious);
    await writeFile(join(precious, 'thesis.txt'), 'years');
    await expect(checkArtefactTarget(precious)).rejects.not.toThrow('--replace');
    await expect(writeArtefact(precious, content, { replace: true })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: `${precious} already exists: choose another folder, or remove it first`,
    });
    expect(await readdir(precious)).toEqual(['thesis.txt']);
  });

  it('is refused by the writer when a name is no plain file name, a figure is not finite, or the critic is absent', async () => {
    const files = { ...content.files, '../x': 'x' };
    await expect(writeArtefact(folder, { ...content, files })).rejects.toThrow('../x cannot be the name');
    await expect(writeArtefact(folder, { ...content, files: {} })).rejects.toThrow('needs critic.onnx');
    const calibration = { method: 'split' as const, falsePositiveRate: 0.01, scores: [NaN] };
    await expect(writeArtefact(folder, { ...content, manifest: createManifest({ calibration }) })).rejects.toThrow(
      'NaN',
    );
    expect(await readdir(home)).toEqual([]);
  });
});

describe('opening an artefact', () => {
  beforeEach(() => writeArtefact(folder, content));
  const opening = () => readArtefact(folder);
  const refused = (fault: RegExp) =>
    expect(opening()).rejects.toMatchObject({ code: 'ARTEFACT_INVALID', message: expect.stringMatching(fault) });

  it('refuses a folder that is not there', async () => {
    await expect(readArtefact(join(home, 'absent'))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `the model folder ${join(home, 'absent')} does not exist: give the folder that "train --out" wrote`,
    });
  });

  it('refuses a foreign folder', async () => {
    await rm(join(folder, 'manifest.json'));
    await refused(/there is no manifest\.json in it; give the folder that "train --out" wrote/);
  });

  it('names the models in a folder of many, and of versions', async () => {
    const models = join(home, 'models');
    for (const name of ['pumps/2', 'fans/1']) await writeArtefact(join(models, name), content);
    await mkdir(join(models, 'empty'));
    const refusal = (path: string) => readArtefact(path).catch((thrown: unknown) => messageOf(thrown));
    const [one, two] = [join(models, 'fans', '1'), join(models, 'pumps', '2')];
    expect(await refusal(models)).toMatch(new RegExp(`; give the folder of one model: ${one}, ${two}$`));
    expect(await refusal(join(models, 'pumps'))).toMatch(new RegExp(`; give the folder of one model: ${two}$`));
    expect(await refusal(join(models, 'empty'))).toMatch(/; give the folder that "train --out" wrote$/);
  });

  it('looks at some entries of a folder only for models to name', async () => {
    const models = join(home, 'models');
    for (const name of ['a', 'b', 'c']) await writeArtefact(join(models, name), content);
    expect(await modelsBelow(models, 1, 2)).toHaveLength(2);
  });

  it.each([['{"name": "a browser extension"}'], ['[1]'], ['null']])('refuses the foreign manifest %s', async (text) => {
    await writeFile(join(folder, 'manifest.json'), text);
    await refused(/manifest\.json is not one of Aristarch's/);
  });

  it('refuses a manifest that was cut', async () => {
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    await writeFile(join(folder, 'manifest.json'), text.slice(0, text.length / 2));
    await refused(/manifest\.json is not JSON/);
  });

  it('refuses a file with one flipped bit', async () => {
    await flipByte('critic.onnx', 2);
    await refused(/critic\.onnx is corrupt or was changed \(its hash differs\); copy the folder again/);
  });

  it('refuses a manifest in which one digit of the calibration was changed', async () => {
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    await flipByte('manifest.json', text.indexOf('9.7'));
    await refused(/manifest\.json was changed after it was written/);
  });

  it('refuses a missing file', async () => {
    await rm(join(folder, 'report.html'));
    await refused(/report\.html is missing; copy the folder again/);
  });

  it('refuses a newer and an unknown version, and says which it reads', async () => {
    await reseal((manifest) => ({ ...manifest, manifestVersion: 2 }));
    await refused(
      /version 2, and this Aristarch reads version 1; it was written by a newer Aristarch: upgrade this one/,
    );
    await reseal((manifest) => ({ ...manifest, manifestVersion: 'one' }));
    await refused(/version "one".*train again with this Aristarch/);
  });

  it('refuses a manifest that does not fit its layout, naming the place', async () => {
    await reseal((manifest) => ({ ...manifest, calibration: { method: 'split', falsePositiveRate: 2, scores: [1] } }));
    await refused(/does not fit its layout at calibration\.falsePositiveRate/);
  });

  it('refuses a label of images with a level that stands there twice', async () => {
    const label = { name: 'kind', levels: ['bright', 'bright'] };
    const image = { name: 'image', kind: 'image', channels: 1, size: 8, label };
    await reseal((manifest) => ({ ...manifest, features: { fields: [], image, excluded: [] } }));
    await expect(readArtefact(folder)).rejects.toMatchObject({
      code: 'ARTEFACT_INVALID',
      message: expect.stringContaining('a level stands there twice'),
    });
  });

  it('refuses a path that leaves the folder, in the manifest or through a link', async () => {
    await reseal((manifest) => ({ ...manifest, files: { ...(manifest['files'] as object), '../secret': 'ab' } }));
    await refused(/names "\.\.\/secret", which is no plain file name/);
    await rm(folder, { recursive: true });
    await writeArtefact(folder, content);
    await rename(join(folder, 'critic.onnx'), join(home, 'outside.onnx'));
    await symlink(join(home, 'outside.onnx'), join(folder, 'critic.onnx'));
    await refused(/critic\.onnx is a link that leaves the folder/);
  });

  it('follows links that stay inside, as Kubernetes mounts files', async () => {
    await mkdir(join(folder, '..data'));
    await rename(join(folder, 'critic.onnx'), join(folder, '..data', 'critic.onnx'));
    await symlink(join('..data', 'critic.onnx'), join(folder, 'critic.onnx'));
    expect(Array.from(await (await opening()).read('critic.onnx'))).toEqual([8, 10, 0, 255]);
  });

  it('checks a file again when it is read, and knows only its own files', async () => {
    const { read } = await opening();
    await flipByte('critic.onnx', 0);
    await expect(read('critic.onnx')).rejects.toThrow('critic.onnx is corrupt');
    await expect(read('generator.onnx')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

/** A file of Linux that is there, and whose first byte no disk gives. */
const UNREADABLE = '/proc/self/mem';
const itOnLinux = process.platform === 'linux' ? it : it.skip;

itOnLinux(
  'a model that a disk does not give at present is not taken for a broken one, which nobody would try again',
  async () => {
    await writeArtefact(folder, content);
    const manifest = join(folder, 'manifest.json');
    const text = await readFile(manifest);
    await rm(manifest);
    await symlink(UNREADABLE, manifest);
    await expect(readArtefact(folder)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/cannot be read at present: manifest\.json \(EIO/) as unknown,
    });
    await rm(manifest);
    await mkdir(manifest);
    await expect(readArtefact(folder)).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
    await rm(manifest, { recursive: true });
    await writeFile(manifest, text);
    expect((await readArtefact(folder)).manifest).toMatchObject(content.manifest);
  },
);

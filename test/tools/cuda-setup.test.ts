import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../src/base/errors.ts';
import { describeMissingLibraries, findMissingLibraries } from '../../src/runtime/onnxruntime/cuda-libraries.ts';
import {
  checkCudaProvider,
  CUDA_PROVIDER_LIBRARIES,
  engineVersion,
  findCudaProvider,
} from '../../src/runtime/onnxruntime/cuda-provider.ts';
import { fetchProvider, isWhole, layProvider } from '../../tools/cuda/provider.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs, pythonPath } from '../support/needs.ts';

const data = useDataFolder();
const CONTENT = 'no real library';
const sha256 = (encoding: 'base64url' | 'hex'): string => createHash('sha256').update(CONTENT).digest(encoding);

/** A wheel as PyPI's is laid out. */
async function writeWheel(name: string, { version = '1.30.0', digest = sha256('base64url') } = {}): Promise<string> {
  const path = data.path(name);
  const files = Object.fromEntries(CUDA_PROVIDER_LIBRARIES.map((library) => [`onnxruntime/capi/${library}`, CONTENT]));
  const info = `onnxruntime_gpu-${version}.dist-info`;
  const record = Object.keys(files).map((member) => `${member},sha256=${digest},${CONTENT.length}`);
  const all = {
    ...files,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: ${version}\nSummary: x\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_28_x86_64\n',
    [`${info}/RECORD`]: `${record.join('\r\n')}\r\n`,
  };
  const script =
    'import json, sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as w:\n  [w.writestr(n, t) for n, t in json.loads(sys.argv[2]).items()]';
  await promisify(execFile)(pythonPath(), ['-c', script, path, JSON.stringify(all)]);
  return path;
}

async function emptyFolder(name: string): Promise<string> {
  await mkdir(data.path(name));
  return data.path(name);
}

needs('python').describe('setup:cuda', () => {
  const plan = (folder: string) => ({ folder, version: '1.30.0', python: pythonPath() });

  it('lays the libraries of the wheel beside the others, and keeps what it laid', async () => {
    const folder = await emptyFolder('engine');
    expect(findCudaProvider(folder).missing).toEqual(CUDA_PROVIDER_LIBRARIES);
    await layProvider(await writeWheel('good.whl'), plan(folder));
    expect(await readFile(`${folder}/${CUDA_PROVIDER_LIBRARIES[1]}`, 'utf8')).toBe(CONTENT);
    const { missing, record } = findCudaProvider(folder);
    expect(missing).toEqual([]);
    expect(record).toMatchObject({ version: '1.30.0', wheel: 'good.whl' });
    expect(Object.values(record!.sha256)).toEqual(CUDA_PROVIDER_LIBRARIES.map(() => sha256('hex')));
  });

  it('finds what it laid by its hashes, and not what has changed since', async () => {
    const folder = await emptyFolder('whole');
    expect(await isWhole(folder, '1.30.0')).toBe(false);
    await layProvider(await writeWheel('whole.whl'), plan(folder));
    expect(await isWhole(folder, '1.30.0')).toBe(true);
    expect(await isWhole(folder, '1.31.0')).toBe(false);
    await writeFile(`${folder}/${CUDA_PROVIDER_LIBRARIES[1]}`, CONTENT.slice(1));
    expect(await isWhole(folder, '1.30.0')).toBe(false);
  });

  it('refuses a wheel of another version, and lays nothing', async () => {
    const folder = await emptyFolder('other-version');
    const laying = layProvider(await writeWheel('old.whl', { version: '1.27.0' }), plan(folder));
    await expect(laying).rejects.toThrow('old.whl is not of version 1.30.0');
    expect(await readdir(folder)).toEqual([]);
  });

  it('refuses a library whose hash is not that of the record, and lays nothing', async () => {
    const folder = await emptyFolder('wrong-hash');
    const laying = layProvider(await writeWheel('wrong.whl', { digest: 'AAAA' }), plan(folder));
    await expect(laying).rejects.toThrow(/has not the SHA-256 .* sha256=AAAA/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing of a wheel that it is stopped at', async () => {
    const folder = await emptyFolder('stopped');
    const stop = new AbortController();
    const laying = layProvider(await writeWheel('stopped.whl'), { ...plan(folder), signal: stop.signal });
    stop.abort(new AristarchError('CANCELLED', 'stopped'));
    await expect(laying).rejects.toThrow('stopped');
    expect(await readdir(folder)).toEqual([]);
  });

  needs('python:pip').describe('downloads', () => {
    const offline = () => ({
      ...process.env,
      ...{ PIP_NO_INDEX: '1', PIP_FIND_LINKS: data.path('index'), PIP_CONFIG_FILE: '/dev/null' },
    });
    let wheel: string;
    // In place of PyPI: a folder with a wheel that pip takes for this one.
    beforeAll(async () => {
      await mkdir(data.path('index'));
      wheel = await writeWheel(`index/onnxruntime_gpu-${engineVersion()}-cp312-cp312-manylinux_2_28_x86_64.whl`, {
        version: engineVersion(),
      });
    });
    const fetchInto = async (folder: string, wheels?: string) =>
      fetchProvider({
        ...plan(await emptyFolder(folder)),
        version: engineVersion(),
        env: offline(),
        ...(wheels && { wheels }),
      });

    it('the wheel whose hash stands in the file, and no other', async () => {
      const hash = createHash('sha256')
        .update(await readFile(wheel))
        .digest('hex');
      const wheels = await data.write('wheels.txt', `onnxruntime-gpu==${engineVersion()} --hash=sha256:${hash}\n`);
      expect(await fetchInto('by-hash', wheels)).toMatchObject({ version: engineVersion(), wheel: basename(wheel) });
      await expect(fetchInto('by-ours')).rejects.toThrow(
        /could not download onnxruntime-gpu .*DO NOT MATCH THE HASHES/s,
      );
      expect(await readdir(data.path('by-ours'))).toEqual([]);
    }, 60_000);

    it('nothing where the file has hashes of another version than the installed library', async () => {
      const wheels = await data.write('old.txt', `onnxruntime-gpu==1.2.3 --hash=sha256:${'0'.repeat(64)}\n`);
      await expect(fetchInto('old', wheels)).rejects.toThrow(
        `old.txt has hashes of onnxruntime-gpu 1.2.3, and onnxruntime-node is ${engineVersion()}: install the locked one`,
      );
    });
  });
});

describe('a provider that another version was laid of', () => {
  const laid = { folder: '/x', missing: [], record: { version: '1.27.0', wheel: 'x.whl', sha256: {} } };

  it('is refused before it is loaded, and one of unknown origin is tried', () => {
    expect(() => checkCudaProvider(laid, '1.30.0')).toThrow(
      /provider is of version 1\.27\.0, and onnxruntime-node of 1\.30\.0: "npm run setup:cuda" lays/,
    );
    expect(() => checkCudaProvider(laid, '1.27.0')).not.toThrow();
    expect(() => checkCudaProvider({ ...laid, record: undefined }, '1.30.0')).not.toThrow();
  });
});

describe('the libraries of CUDA', () => {
  it('are named where they are missing, with what each is part of', () => {
    const missing = findMissingLibraries({}, '\tlibcudart.so.13 (libc6,x86-64) => /x\n\tlibcudnn.so.8 (libc6) => /y\n');
    expect(missing).not.toContain('libcudart.so.13');
    // One for 32 bits is of no use.
    expect(findMissingLibraries({}, '\tlibcuda.so.1 (libc6) => /x\n')).toContain('libcuda.so.1');
    expect(describeMissingLibraries(missing)).toMatch(
      /lacks libcuda\.so\.1 \(NVIDIA's driver, .*libcudnn\.so\.9 \(cuDNN 9\): install/,
    );
  });

  it('are found in the folders of LD_LIBRARY_PATH', async () => {
    const folder = await emptyFolder('libraries');
    await writeFile(`${folder}/libcuda.so.1`, '');
    expect(findMissingLibraries({ LD_LIBRARY_PATH: `/no/such:${folder}` }, '')).not.toContain('libcuda.so.1');
  });
});

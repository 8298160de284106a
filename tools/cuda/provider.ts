import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** What is laid, where, and by whom. */
export interface ProviderPlan {
  readonly folder: string;
  /** That of onnxruntime-node: another provider is taken by the library without a word, and crashes it later. */
  readonly version: string;
  /** A Python 3 with pip. */
  readonly python: string;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/** Downloads the wheel from PyPI by pip, which checks the index's hash, and lays its provider beside the library. */
export async function fetchProvider(plan: ProviderPlan): Promise<CudaProviderRecord> {
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-cuda-'));
  try {
    const platforms = ['--platform', 'manylinux_2_28_x86_64', '--platform', 'manylinux_2_27_x86_64'];
    const flags = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--dest', folder];
    const python = ['--implementation', 'cp', '--python-version', '3.12'];
    const wanted = `${PYPI_PROJECT}==${plan.version}`;
    const args = ['-m', 'pip', 'download', ...flags, ...python, ...platforms, wanted];
    const remedy = `pip could not download ${wanted}: is PyPI to be reached, and has ${plan.python} pip (ARISTARCH_PYTHON names another)?`;
    await runTool(plan.python, args, { remedy, signal: plan.signal });
    const [wheel] = await readdir(folder);
    if (wheel === undefined) throw new AristarchError('UNAVAILABLE', `pip downloaded no wheel of ${wanted}`);
    return await layProvider(join(folder, wheel), plan);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
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

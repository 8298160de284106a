import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { AristarchError } from '../../src/base/errors.ts';
import { writeFileAtomic } from '../../src/base/files.ts';
import {
  CUDA_PROVIDER_LIBRARIES,
  CUDA_PROVIDER_RECORD,
  type CudaProviderRecord,
} from '../../src/runtime/onnxruntime/cuda-provider.ts';

const PYPI_PROJECT = 'onnxruntime-gpu';

/** What is laid, where, and by whom. */
export interface ProviderPlan {
  readonly folder: string;
  /** That of onnxruntime-node: another provider is taken by the library without a word, and crashes it later. */
  readonly version: string;
  /** A Python 3 with pip. */
  readonly python: string;
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
    await run(plan.python, args, `pip could not download ${wanted}: is PyPI to be reached?`);
    const [wheel] = await readdir(folder);
    if (wheel === undefined) throw new AristarchError('UNAVAILABLE', `pip downloaded no wheel of ${wanted}`);
    return await layProvider(join(folder, wheel), plan);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lays the libraries of a wheel beside onnxruntime-node's own, checked, all or none. Throws `UNAVAILABLE`. */
export async function layProvider(wheel: string, plan: ProviderPlan): Promise<CudaProviderRecord> {
  const script = join(import.meta.dirname, 'unpack.py');
  const args = [script, wheel, plan.folder, plan.version, ...CUDA_PROVIDER_LIBRARIES];
  const said = await run(plan.python, args, 'the wheel could not be unpacked');
  const sha256 = z.record(z.string(), z.string()).parse(JSON.parse(said));
  const record = { version: plan.version, wheel: basename(wheel), sha256 };
  await writeFileAtomic(join(plan.folder, CUDA_PROVIDER_RECORD), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

async function run(program: string, args: readonly string[], remedy: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { maxBuffer: 2 ** 24 })).stdout;
  } catch (thrown) {
    const { stderr = '', message } = thrown as { stderr?: string; message: string };
    const said = (stderr === '' ? message : stderr).trim().split('\n').slice(-5).join('\n  ');
    throw new AristarchError('UNAVAILABLE', `${remedy}\n  ${said}`);
  }
}

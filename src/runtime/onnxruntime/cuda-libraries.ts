import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the CUDA provider of ONNX Runtime 1.30 loads, and what each is part of: those that its file names (`readelf -d`), and cuDNN, cuFFT and
 * NVRTC, which it opens when it first needs them.
 */
const CUDA_LIBRARIES = {
  'libcuda.so.1': "NVIDIA's driver, 580 or newer",
  'libcudart.so.13': 'CUDA 13',
  'libcublas.so.13': 'CUDA 13',
  'libcublasLt.so.13': 'CUDA 13',
  'libcurand.so.10': 'CUDA 13',
  'libcufft.so.12': 'CUDA 13',
  'libnvrtc.so.13': 'CUDA 13',
  'libcudnn.so.9': 'cuDNN 9',
} as const;
export type CudaLibrary = keyof typeof CUDA_LIBRARIES;

type Environment = Readonly<Record<string, string | undefined>>;

/** Those that the dynamic linker would not find: neither in LD_LIBRARY_PATH nor in its cache. */
export function findMissingLibraries(env: Environment = process.env, cached: string = readCache()): CudaLibrary[] {
  const folders = (env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const isThere = (name: string): boolean =>
    folders.some((folder) => existsSync(join(folder, name))) || cached.includes(`\t${name} (libc6,x86-64`);
  return (Object.keys(CUDA_LIBRARIES) as CudaLibrary[]).filter((name) => !isThere(name));
}

/** `libcudart.so.13 (CUDA 13), libcuda.so.1 (NVIDIA's driver, 580 or newer)`. */
export function describeMissingLibraries(names: readonly CudaLibrary[]): string {
  const parts = names.map((name) => `${name} (${CUDA_LIBRARIES[name]})`);
  return `--device cuda lacks ${parts.join(', ')}: install them, or name their folder in LD_LIBRARY_PATH`;
}

/** Lines as `\tlibz.so.1 (libc6,x86-64) => /lib/...`. */
function readCache(): string {
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    const { status, stdout } = spawnSync(program, ['-p'], { encoding: 'utf8' });
    if (status === 0) return stdout;
  }
  return '';
}

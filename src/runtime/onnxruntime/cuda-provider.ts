import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { nameSetUp } from '../set-ups.ts';

/** The libraries of ONNX Runtime's CUDA provider, as the engine looks for them beside its own. */
export const CUDA_PROVIDER_LIBRARIES = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
] as const;

/** Says what `npm run setup:cuda` laid there. */
export const CUDA_PROVIDER_RECORD = 'aristarch-cuda-provider.json';
const recordSchema = z.object({ version: z.string(), wheel: z.string(), sha256: z.record(z.string(), z.string()) });
export type CudaProviderRecord = z.infer<typeof recordSchema>;

export interface CudaProvider {
  /** Folder of the engine's own libraries; undefined where the package has none for this platform. */
  readonly folder: string | undefined;
  /** Those of `CUDA_PROVIDER_LIBRARIES` that are not there. */
  readonly missing: readonly string[];
  /** Undefined where another hand than `npm run setup:cuda` laid them there. */
  readonly record: CudaProviderRecord | undefined;
}

/** Version of the installed onnxruntime-node, which the provider must be of as well. */
export function engineVersion(): string {
  const text = readFileSync(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

/** bin/napi-v6/linux/x64 of onnxruntime-node, or what the number is in another version. */
export function engineFolder(): string | undefined {
  const bin = join(dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')), 'bin');
  const versions = existsSync(bin) ? readdirSync(bin).toSorted() : [];
  return versions
    .map((version) => join(bin, version, process.platform, process.arch))
    .findLast((folder) => existsSync(folder));
}

/** What is there of the CUDA provider. */
export function findCudaProvider(folder: string | undefined = engineFolder()): CudaProvider {
  const isMissing = (name: string): boolean => folder === undefined || !existsSync(join(folder, name));
  return { folder, missing: CUDA_PROVIDER_LIBRARIES.filter(isMissing), record: readRecord(folder) };
}

/** Throws `DEVICE_UNAVAILABLE` for one of another version than the engine: the library loads it without a word, and crashes in it later. */
export function checkCudaProvider({ record }: CudaProvider, version: string = engineVersion()): void {
  if (record === undefined || record.version === version) return;
  const message =
    `device cuda cannot be used here: the CUDA provider is of version ${record.version}, and onnxruntime-node of ${version}: ` +
    `${nameSetUp('setup:cuda')} lays the right one; or use --device cpu`;
  throw new AristarchError('DEVICE_UNAVAILABLE', message, {
    provider: 'cuda',
    reason: 'a provider of another version',
  });
}

function readRecord(folder: string | undefined): CudaProviderRecord | undefined {
  const path = folder === undefined ? undefined : join(folder, CUDA_PROVIDER_RECORD);
  if (path === undefined || !existsSync(path)) return undefined;
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

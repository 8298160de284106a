import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findVulkanManifests } from '../runtime/hardware/vulkan.ts';

/** What is there of GPUs and of the drivers that WebGPU and CUDA run on. */
export interface Graphics {
  readonly nvidia: {
    /** "NVIDIA H100, driver 580.65, 81559 MiB", as nvidia-smi names each. */
    readonly gpus: readonly string[];
    /** What the kernel says of its driver; undefined where it has none. */
    readonly driver: string | undefined;
    /** Why no GPU is named; undefined where one is. */
    readonly absence: string | undefined;
  };
  readonly vulkan: {
    /** The loader, libvulkan.so.1; undefined where it is in no folder of the linker. */
    readonly loader: string | undefined;
    /** Manifests of installable drivers, those of VK_DRIVER_FILES or VK_ICD_FILENAMES alone where these are set. */
    readonly drivers: readonly string[];
  };
  /** Device files of the kernel, `/dev/dri/renderD128`. */
  readonly renderNodes: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

const ASKING_MS = 10_000;
const DRIVER_FILE = '/proc/driver/nvidia/version';
const LIBRARY_FOLDERS = [
  ...['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/lib/x86_64-linux-gnu', '/usr/lib64', '/usr/lib'],
  '/usr/local/lib',
];

export async function findGraphics(env: Environment = process.env): Promise<Graphics> {
  return {
    nvidia: await findNvidia(env),
    vulkan: { loader: findLibrary('libvulkan.so.1', env), drivers: findVulkanManifests(env) },
    renderNodes: filesOf('/dev/dri').filter((path) => path.includes('renderD')),
  };
}

async function findNvidia(env: Environment): Promise<Graphics['nvidia']> {
  const driver = existsSync(DRIVER_FILE) ? readFileSync(DRIVER_FILE, 'utf8').split('\n')[0]!.trim() : undefined;
  const fields = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', fields, { timeout: ASKING_MS, env });
    const gpus = stdout.split('\n').flatMap((line) => toGpu(line));
    return { gpus, driver, absence: gpus.length > 0 ? undefined : 'nvidia-smi names no GPU' };
  } catch (thrown) {
    const isAbsent = (thrown as { code?: unknown }).code === 'ENOENT';
    return { gpus: [], driver, absence: isAbsent ? 'no nvidia-smi on PATH' : 'nvidia-smi fails' };
  }
}

function toGpu(line: string): string[] {
  const [name, version, memory] = line.split(',').map((part) => part.trim());
  return name ? [`${name}, driver ${version ?? '?'}, ${memory ?? '?'}`] : [];
}

/** The path of a shared library in the folders of the linker; undefined where it is in none of them. */
function findLibrary(name: string, env: Environment): string | undefined {
  const folders = [...(env['LD_LIBRARY_PATH'] ?? '').split(':').filter((path) => path !== ''), ...LIBRARY_FOLDERS];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

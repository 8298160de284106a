import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import type { Hardware, HardwareKind } from './hardware.ts';
import { nvidiaHardware } from './nvidia.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Manifests of Vulkan's drivers, where its loader looks for them on Linux: Khronos' LoaderDriverInterface.md. */
export function findVulkanManifests(env: Environment): string[] {
  const named = env['VK_DRIVER_FILES'] ?? env['VK_ICD_FILENAMES'];
  if (named !== undefined && named !== '') return named.split(':').filter((path) => existsSync(path));
  const folders = ['/etc', '/usr/local/share', '/usr/share', join(homedir(), '.local/share')];
  return folders.flatMap((folder) => filesOf(join(folder, 'vulkan/icd.d'))).filter((path) => path.endsWith('.json'));
}

/** What the process is looked at by. */
export interface VulkanSurroundings {
  readonly env: Environment;
  /** Paths of the libraries that this process has loaded. */
  readonly loaded: readonly string[];
  readonly nvidia: () => Hardware;
}

const here = (): VulkanSurroundings => ({ env: process.env, loaded: findLoaded(), nvidia: nvidiaHardware });

/**
 * What WebGPU computes on, once it has: ONNX Runtime's provider names its adapter neither in its API nor in its log (1.30,
 * core/providers/webgpu/webgpu_context.cc). On Linux it computes by Vulkan, whose loader has loaded the drivers: where there is one alone, it
 * is that. Of a driver we know whether it is of GPUs or is software; which of several GPUs it took nobody says.
 */
export function vulkanHardware({ env, loaded, nvidia }: VulkanSurroundings = here()): Hardware {
  const drivers = new Map<string, string>();
  for (const manifest of findVulkanManifests(env)) {
    const library = libraryOf(manifest);
    if (library === undefined || drivers.has(library)) continue;
    if (loaded.some((path) => stemOf(path) === library)) drivers.set(library, basename(manifest));
  }
  const names = [...drivers.values()].toSorted();
  const [name] = names;
  if (name === undefined) return { kind: 'unknown', name: UNNAMED, isIdentified: false };
  if (names.length > 1)
    return { kind: 'unknown', name: `Vulkan by one of ${names.join(', ')}; ${UNSAID}`, isIdentified: false };
  if (NVIDIA.test(name)) return nvidia();
  const kind = KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? 'unknown';
  return { kind, name: `Vulkan by ${name}`, isIdentified: kind === 'processor' };
}

const UNSAID = "ONNX Runtime's WebGPU provider does not say which";
const UNNAMED = "an unknown adapter: ONNX Runtime's WebGPU provider names none";

/** Drivers by the names of their manifests, as Mesa, SwiftShader and the makers of GPUs call them. */
const NVIDIA = /^nvidia/;
const KINDS: readonly (readonly [RegExp, HardwareKind])[] = [
  [/swiftshader|lvp|llvmpipe/, 'processor'],
  [/radeon|amd|intel|nouveau/, 'gpu'],
];

const manifestSchema = z.object({ ICD: z.object({ library_path: z.string() }) });

/** `libvk_swiftshader`; undefined where the manifest is none. */
function libraryOf(manifest: string): string | undefined {
  try {
    return stemOf(manifestSchema.parse(JSON.parse(readFileSync(manifest, 'utf8'))).ICD.library_path);
  } catch {
    return undefined;
  }
}

/** Without its folder and version, which the linker follows links to. */
const stemOf = (path: string): string => basename(path).replace(/\.so(\.[\d.]+)?$/, '');

/** By the kernel of Linux; none elsewhere. */
function findLoaded(): string[] {
  try {
    const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
    const paths = lines.flatMap((line) => /\s(\/.*\.so[\d.]*)$/.exec(line)?.[1] ?? []);
    return [...new Set(paths)];
  } catch {
    return [];
  }
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

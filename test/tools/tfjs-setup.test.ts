import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { messageOf } from '../../src/base/errors.ts';
import { writeFolder } from '../../src/base/files.ts';
import { TFJS_RECORD, tfjsFolder } from '../../src/runtime/tfjs/folder.ts';
import { build } from '../../tools/tfjs/build.ts';
import { findBuildTools, thisMachine, type Machine } from '../../tools/tfjs/build-tools.ts';
import { DEFAULT_TENSORFLOW, HELP, parsePlan, type Plan } from '../../tools/tfjs/plan.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const environment = { ARISTARCH_TFJS: '/somewhere/tfjs' };
const plan = (...args: string[]): Plan => parsePlan(args, environment)!;

describe('what setup:tfjs is asked for', () => {
  it('is one TensorFlow for processors or for GPUs, in a folder', () => {
    const given = { tensorflow: DEFAULT_TENSORFLOW, cudaLibraries: false, force: false, folder: '/somewhere/tfjs' };
    expect(plan('--cpu')).toEqual({ ...given, variant: 'cpu' });
    expect(plan('--gpu', '--cuda-libraries', '--tensorflow', '2.18.1', '--force')).toEqual({
      ...{ variant: 'gpu', cudaLibraries: true, tensorflow: '2.18.1', force: true },
      folder: '/somewhere/tfjs',
    });
    expect(tfjsFolder({})).toBe(join(ROOT, '.cache/tfjs'));
  });

  it('is explained, with every option', () => {
    expect(parsePlan(['--help'], environment)).toBeUndefined();
    for (const option of ['--cpu', '--gpu', '--cuda-libraries', '--tensorflow', '--force'])
      expect(HELP).toContain(option);
  });

  it.each([
    [['--cpu', '--gpu'], '--cpu and --gpu exclude each other'],
    [['--cpu', '--tensorflow', 'latest'], '--tensorflow is "latest": give a version such as'],
    [['--cpu', '--cuda-libraries'], '--cuda-libraries is of no use to the library for processors'],
    [['--cppu'], /--cppu.*--help" lists the options/s],
    [['cpu'], /cpu.*--help" lists the options/s],
  ])('is refused as %j', (args, message) => {
    expect(() => parsePlan(args, environment)).toThrow(message);
  });
});

describe('what setup:tfjs needs', () => {
  const bare: Machine = {
    ...{ platform: 'linux', arch: 'x64', execPath: '/nowhere/bin/node', env: { PATH: '/nowhere' } },
    freeBytes: () => Promise.resolve(1e9),
  };

  it('is all named at once where it is missing, each with its remedy', async () => {
    const finding = findBuildTools(plan('--cpu'), { ...bare, env: { ...bare.env, npm_config_nodedir: '/nowhere' } });
    const fault = await finding.then(String, messageOf);
    expect(fault).toMatch(/^TensorFlow cannot be set up here\. Missing:/);
    for (const remedy of [
      'Python with pip ("python3 -m pip" does not run): install Python 3 with pip',
      'a C++ compiler ("g++" does not run): install one',
      'make: install it',
      'npm: it comes with Node',
      'node-gyp, which comes with npm',
      'space: 2.5 GB are needed for /somewhere/tfjs and 1.0 are free: make room, or set ARISTARCH_TFJS',
    ])
      expect(fault).toContain(remedy);
  });

  it('is a platform that there is a library for', async () => {
    await expect(findBuildTools(plan('--cpu'), { ...bare, platform: 'darwin', arch: 'arm64' })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: expect.stringContaining('on Linux with x64 only, and this is darwin with arm64') as unknown,
    });
  });

  it('grows with the libraries of CUDA', async () => {
    const finding = findBuildTools(plan('--gpu', '--cuda-libraries'), bare);
    await expect(finding).rejects.toThrow('space: 13.0 GB are needed');
  });
});

describe('a set-up that fails', () => {
  const folder = useDataFolder();

  it('leaves nothing behind, and says what failed', async () => {
    const target = folder.path('tfjs');
    await mkdir(dirname(target), { recursive: true });
    const npm = folder.path('npm.cjs');
    await writeFile(npm, 'console.error("E404 no such package"); process.exit(7);');
    const tools = { python: 'python3', npm: [npm], nodeGyp: '', headers: '' };
    const fill = async (scratch: string): Promise<void> => {
      await build(scratch, plan('--cpu'), tools, { say: () => undefined, now: () => 0 });
    };
    await expect(writeFolder(target, fill)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(/npm could not install it.*E404 no such package/s) as unknown,
    });
    expect(existsSync(target)).toBe(false);
    expect((await readdir(dirname(target))).filter((name) => name.includes('tfjs'))).toEqual([]);
  });
});

needs('tensorflow').describe('a whole set-up', () => {
  it('is found again, and tried out', async () => {
    const { execPath, env } = thisMachine();
    const args = ['--import', 'tsx', join(ROOT, 'tools/tfjs/setup.ts'), '--cpu'];
    expect(existsSync(join(tfjsFolder(env), TFJS_RECORD))).toBe(true);
    const { stdout } = await promisify(execFile)(execPath, args, { env });
    expect(stdout).toMatch(
      /^TensorFlow is set up already; --force builds it anew\n@tensorflow\/tfjs-node-gpu 4\.22\.0, /,
    );
    expect(stdout).toMatch(/--device tfjs trains and scores on it/);
  });
});

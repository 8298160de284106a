import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { AristarchError, messageOf } from '../../src/base/errors.ts';
import { writeFolder } from '../../src/base/files.ts';
import { TFJS_RECORD, tfjsFolder } from '../../src/runtime/tfjs/folder.ts';
import { runTool } from '../../tools/set-up/run-tool.ts';
import { build, recordOf } from '../../tools/tfjs/build.ts';
import { findBuildTools, type Machine } from '../../tools/tfjs/build-tools.ts';
import { DEFAULT_TENSORFLOW, HELP, parsePlan, type Plan } from '../../tools/tfjs/plan.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';

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

/** Calls the command on a folder, by a machine that has no Python, so that nothing is ever built. */
async function callSetUp(folder: string): Promise<{ code: number | null; out: string; err: string }> {
  const args = ['--import', 'tsx', join(ROOT, 'tools/tfjs/setup.ts'), '--cpu'];
  const env = { ...process.env, ARISTARCH_TFJS: folder, ARISTARCH_PYTHON: '/nowhere/python' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [[code], out, err] = await Promise.all([
    once(child, 'close') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, out, err };
}

describe('a set-up that is there', () => {
  const folder = useDataFolder();

  needs('tensorflow').it('is found again, and tried out', async () => {
    // Beside the machine's own, which may be one for GPUs, and must stay what it is.
    const scratch = folder.path('whole');
    await mkdir(scratch, { recursive: true });
    await symlink(join(tfjsFolder(process.env), 'node_modules'), join(scratch, 'node_modules'));
    await writeFile(join(scratch, TFJS_RECORD), JSON.stringify(recordOf(plan('--cpu'))));
    const { out } = await callSetUp(scratch);
    expect(out).toMatch(/^TensorFlow is set up already; --force builds it anew\n@tensorflow\/tfjs-node-gpu 4\.22\.0, /);
    expect(out).toMatch(/--device tfjs trains and scores on it/);
  });

  it.each([
    ['does not load', JSON.stringify(recordOf(plan('--cpu'))), /TensorFlow in .*broken does not compute.*Cannot find/s],
    ['has a record that cannot be read', '{', /JSON/],
  ])('and %s is built anew, and stays where that cannot be', async (_, record, why) => {
    const broken = folder.path('broken');
    await mkdir(broken, { recursive: true });
    await writeFile(join(broken, TFJS_RECORD), record);
    const { out, err, code } = await callSetUp(broken);
    expect(out).toMatch(/^what is there cannot be used, and is built anew: /);
    expect(out).toMatch(why);
    expect(err).toContain('Missing:\n  Python with pip');
    expect(code).toBe(1);
    expect(await readdir(broken)).toEqual([TFJS_RECORD]);
  });
});

describe('a tool that a set-up runs', () => {
  const folder = useDataFolder();
  /** Starts another process, which writes its own number and sleeps. */
  const parent = (): string =>
    `require('node:child_process').spawn(process.execPath, ['-e', 'require("node:fs").writeFileSync(${JSON.stringify(folder.path('pid'))}, String(process.pid)); setTimeout(() => {}, 60000)'], { stdio: 'inherit' })`;
  const isAlive = (pid: number): boolean => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') === false;
    } catch {
      return false;
    }
  };

  it('is ended by a signal, with what it has started', async () => {
    const stop = new AbortController();
    const running = runTool(process.execPath, ['-e', parent()], { remedy: 'no', signal: stop.signal });
    running.catch(() => undefined);
    await waitUntil(
      'the other process',
      () => existsSync(folder.path('pid')) && readFileSync(folder.path('pid')).length > 0,
    );
    const pid = Number(readFileSync(folder.path('pid'), 'utf8'));
    stop.abort(new AristarchError('CANCELLED', 'stopped by SIGINT'));
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED', message: 'stopped by SIGINT' });
    await waitUntil('its end', () => !isAlive(pid));
  });

  it('is ended where it hangs, and says how it ended, or that it is not there', async () => {
    const hang = runTool(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { remedy: 'Slow.', limitMs: 300 });
    await expect(hang).rejects.toThrow(/^Slow\. It did not end within 0\.3 s\./);
    const script = 'process.kill(process.pid, "SIGSEGV"); setTimeout(() => {}, 60000)';
    await expect(runTool(process.execPath, ['-e', script], { remedy: 'Bad.' })).rejects.toThrow('ended by SIGSEGV');
    await expect(runTool('/no/such/tool', [], { remedy: 'x' })).rejects.toThrow(
      '"/no/such/tool" is not there: install',
    );
  });
});

describe('a set-up that is interrupted', () => {
  const folder = useDataFolder();

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 130],
  ] as const)('by %s leaves no folder behind', async (name, code) => {
    const target = folder.path('tfjs');
    const script = `
      import { runSetUp } from ${JSON.stringify(join(ROOT, 'tools/set-up/main.ts'))};
      import { runTool } from ${JSON.stringify(join(ROOT, 'tools/set-up/run-tool.ts'))};
      import { writeFolder } from ${JSON.stringify(join(ROOT, 'src/base/files.ts'))};
      await runSetUp((signal) => writeFolder(${JSON.stringify(target)}, async () => {
        console.log('at work');
        await runTool(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { remedy: 'no', signal });
      }));`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const errors = text(child.stderr);
    await once(child.stdout, 'data');
    expect((await readdir(dirname(target))).filter((each) => each.includes('tfjs'))).toHaveLength(1);
    child.kill(name);
    expect(await once(child, 'close')).toEqual([code, null]);
    expect(await errors).toContain(`stopped by ${name}; what was there before is as it was`);
    expect((await readdir(dirname(target))).filter((each) => each.includes('tfjs'))).toEqual([]);
  });
});

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TrainHooks } from '../../src/training/train.ts';
import { COMPILED } from '../support/command.ts';
import { normalOrders, TINY_SETTINGS, toCsv, trainTiny } from '../support/train-tiny.ts';
import { waitUntil } from '../support/wait-until.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Small networks, 24 updates each, and progress after each. */
const SETTINGS = { steps: 24, folds: 2, hidden: [8], stepsPerCall: 1, device: 'cpu' };

let home = '';
let data = '';
let whole: Buffer;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aristarch-reproducible-'));
  data = join(home, 'orders.csv');
  await writeFile(data, toCsv(normalOrders(60)));
  await writeFile(join(home, 'config.json'), JSON.stringify({ ...TINY_SETTINGS, ...SETTINGS }));
  whole = await criticOf((await trainTiny({ data, out: join(home, 'whole'), ...SETTINGS })).folder);
});
afterAll(() => rm(home, { recursive: true, force: true }));

const criticOf = (folder: string): Promise<Buffer> => readFile(join(folder, 'critic.onnx'));

/** The real command, on the same rows and settings. */
function startTraining(out: string, ...more: string[]): ChildProcess & { said: () => string } {
  const flags = ['--data', data, '--out', out, '--config', join(home, 'config.json'), ...more];
  const child = spawn(process.execPath, [...COMPILED, 'train', ...flags], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return Object.assign(child, { said: () => said });
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

/** Ends a run as soon as the second of its folds has a checkpoint. */
async function cut(out: string, signal: NodeJS.Signals): Promise<ReturnType<typeof startTraining>> {
  const child = startTraining(out, '--checkpoint-seconds', '0');
  await waitUntil(
    'a checkpoint',
    () => existsSync(join(`${out}.checkpoint`, 'fold-2.logistic.state')) || child.exitCode !== null,
  );
  child.kill(signal);
  // A terminal that is closed sends its signal twice: itself, and by its shell.
  if (signal === 'SIGHUP') child.kill(signal);
  await endOf(child);
  return child;
}

/** Aborts after so many calls of the loop. */
function abortAfter(calls: number): Partial<TrainHooks> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onUpdates: () => {
      if (--calls === 0) controller.abort();
    },
  };
}

describe('the same seed', () => {
  it('gives the same critic.onnx, byte for byte, however the steps are cut into calls', async () => {
    const again = await trainTiny({ data, out: join(home, 'again'), ...SETTINGS, stepsPerCall: 7 });
    expect((await criticOf(again.folder)).equals(whole)).toBe(true);
    expect(await readdir(home)).not.toContain('again.checkpoint');
  });

  it('gives another one with another seed', async () => {
    const other = await trainTiny({ data, out: join(home, 'other'), ...SETTINGS, seed: 2 });
    expect((await criticOf(other.folder)).equals(whole)).toBe(false);
  });
});

describe('a run that is cut', () => {
  it('is killed in the middle, goes on with --resume, and ends with the same bytes', async () => {
    const out = join(home, 'killed');
    const killed = await cut(out, 'SIGKILL');
    expect(killed.signalCode).toBe('SIGKILL');
    expect(existsSync(out)).toBe(false);
    const resumed = startTraining(out, '--resume', '--json');
    expect({ ...(await endOf(resumed)), said: resumed.said() }).toMatchObject({ code: 0 });
    expect((await criticOf(out)).equals(whole)).toBe(true);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it.each([
    ['Ctrl-C', 'SIGINT'],
    ['the end of its terminal', 'SIGHUP'],
  ] as const)(
    'is interrupted by %s, says where its checkpoint is, and goes on to the same bytes',
    async (_, signal) => {
      const out = join(home, `interrupted-${signal}`);
      const interrupted = await cut(out, signal);
      expect(interrupted.exitCode).toBe(130);
      expect(interrupted.said()).toContain(
        `error: stopped; nothing is lost: the same command with --resume goes on from ${out}.checkpoint [CANCELLED]`,
      );
      expect(existsSync(out)).toBe(false);
      const resumed = await trainTiny({ data, out, ...SETTINGS, resume: true });
      expect((await criticOf(resumed.folder)).equals(whole)).toBe(true);
    },
  );

  it('refuses to go on with other settings or other rows, and says what changed', async () => {
    const out = join(home, 'changed');
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(3))).rejects.toMatchObject({ code: 'CANCELLED' });
    const changedSteps = trainTiny({ data, out, ...SETTINGS, steps: 25, resume: true });
    await expect(changedSteps).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(changedSteps).rejects.toThrow('is of another run: steps was 24, is 25. Give what it was');
    const other = join(home, 'other.csv');
    await writeFile(other, toCsv(normalOrders(60, 2)));
    await expect(trainTiny({ data: other, out, ...SETTINGS, resume: true })).rejects.toThrow(/another run: rows was "/);
    const resumed = await trainTiny({ data, out, ...SETTINGS, resume: true });
    expect((await criticOf(resumed.folder)).equals(whole)).toBe(true);
  });

  it('refuses another rate for a model with a condition, of which other rows would then train; without one the rate may change', async () => {
    const out = join(home, 'rates');
    const cut = { data, out, ...SETTINGS, condition: ['colour'], rate: 0.1 };
    await expect(trainTiny(cut, abortAfter(3))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(trainTiny({ ...cut, rate: 0.2, resume: true })).rejects.toThrow('rate was 0.1, is 0.2');
    const plain = { data, out: join(home, 'plain-rates'), ...SETTINGS };
    await expect(trainTiny({ ...plain, rate: 0.1 }, abortAfter(3))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect((await criticOf((await trainTiny({ ...plain, rate: 0.2, resume: true })).folder)).equals(whole)).toBe(true);
  });

  it('refuses a damaged checkpoint, whichever byte is wrong', async () => {
    const out = join(home, 'damaged');
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(3))).rejects.toMatchObject({ code: 'CANCELLED' });
    const path = join(`${out}.checkpoint`, 'fold-1.logistic.state');
    const good = await readFile(path);
    for (const at of [0, 20, good.length - 40, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1;
      await writeFile(path, bad);
      const resumed = trainTiny({ data, out, ...SETTINGS, resume: true });
      await expect(resumed).rejects.toMatchObject({ code: 'ARTEFACT_INVALID' });
      await expect(resumed).rejects.toThrow(`the checkpoint ${path} is damaged: start without --resume`);
    }
    await writeFile(join(`${out}.checkpoint`, 'run.json'), '{');
    await expect(trainTiny({ data, out, ...SETTINGS, resume: true })).rejects.toThrow('is damaged');
  });

  it('is kept aside, and told of, where a run starts without --resume; the one with most steps stays', async () => {
    const out = join(home, 'aside');
    const [checkpoint, aside] = [`${out}.checkpoint`, `${out}.checkpoint.before`];
    const startAnew = async (calls: number, more = {}): Promise<string[]> => {
      const said: string[] = [];
      const hooks = { ...abortAfter(calls), warn: (message: string) => void said.push(message) };
      await expect(trainTiny({ data, out, ...SETTINGS, ...more }, hooks)).rejects.toMatchObject({ code: 'CANCELLED' });
      return said.filter((message) => message.includes(checkpoint));
    };
    const found = (steps: string): string =>
      `${checkpoint} is the checkpoint of a run that did not end, after ${steps}: `;
    const remedy = `to go on from it, stop this run, put ${aside} in the place of ${checkpoint}, and give --resume`;
    expect(await startAnew(3)).toEqual([]);
    expect(await startAnew(1)).toEqual([
      `${found('3 steps')}--resume would go on from it. This run starts anew and keeps it as ${aside}; ${remedy}`,
    ]);
    expect(await startAnew(5, { steps: 25 })).toEqual([
      `${found('1 step')}it is of other settings or rows (steps was 24, is 25). This run starts anew and removes it, since ${aside} is one after 3 steps, and one is kept at most`,
    ]);
    const kept = await readFile(join(aside, 'fold-1.logistic.state'));
    expect(await startAnew(2)).toEqual([
      `${found('5 steps')}it is of other settings or rows (steps was 25, is 24). This run starts anew and keeps it as ${aside}, in place of one after 3 steps; ${remedy} with what it had`,
    ]);
    expect((await readFile(join(aside, 'fold-1.logistic.state'))).equals(kept)).toBe(false);
    expect((await readdir(home)).filter((name) => name.startsWith('aside')).sort()).toEqual([
      'aside.checkpoint',
      'aside.checkpoint.before',
    ]);
  });

  it('goes on to the same bytes from a checkpoint that was kept aside and put back', async () => {
    const out = join(home, 'back');
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(5))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(1))).rejects.toMatchObject({ code: 'CANCELLED' });
    await rm(`${out}.checkpoint`, { recursive: true });
    await rename(`${out}.checkpoint.before`, `${out}.checkpoint`);
    const dones: number[] = [];
    const onUpdates = (done: number): void => void dones.push(done);
    const { folder } = await trainTiny({ data, out, ...SETTINGS, resume: true }, { onUpdates });
    expect(dones[0]).toBe(6);
    expect((await criticOf(folder)).equals(whole)).toBe(true);
  });

  it('that was kept aside is named where there is none to go on from, and goes with the run that is done, as it would be the same', async () => {
    const out = join(home, 'set-aside');
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(3))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(trainTiny({ data, out, ...SETTINGS }, abortAfter(1))).rejects.toMatchObject({ code: 'CANCELLED' });
    await rm(`${out}.checkpoint`, { recursive: true });
    await expect(trainTiny({ data, out, ...SETTINGS, resume: true })).rejects.toThrow(
      `there is no checkpoint at ${out}.checkpoint to go on from, but ${out}.checkpoint.before is one that was set aside, after 3 steps: put it in the place of ${out}.checkpoint, or start without --resume`,
    );
    const said: string[] = [];
    await trainTiny({ data, out, ...SETTINGS, steps: 25 }, { warn: (message) => void said.push(message) });
    expect(said.filter((message) => message.includes('.before'))).toEqual([
      expect.stringMatching(/\.before is still there, .* after 3 steps, .*\(steps was 24, is 25\): remove it/),
    ]);
    expect(existsSync(`${out}.checkpoint.before`)).toBe(true);
    await trainTiny({ data, out, ...SETTINGS, replace: true });
    expect(existsSync(`${out}.checkpoint.before`)).toBe(false);
  });

  it('cannot go on from nothing', async () => {
    const out = join(home, 'nothing');
    const resumed = trainTiny({ data, out, ...SETTINGS, resume: true });
    await expect(resumed).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(resumed).rejects.toThrow(`there is no checkpoint at ${out}.checkpoint`);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it('stops when another run is started with the same --out, and leaves that one alone', async () => {
    const out = join(home, 'twice');
    let second: ReturnType<typeof trainTiny> | undefined;
    const startSecond: Partial<TrainHooks> = {
      onUpdates: (done) => {
        if (done === 3) second = trainTiny({ data, out, ...SETTINGS, checkpointSeconds: 0 });
      },
    };
    const first = trainTiny({ data, out, ...SETTINGS, steps: 2000, checkpointSeconds: 0 }, startSecond);
    await expect(first).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(first).rejects.toThrow('another run with the same --out has taken it');
    expect((await criticOf((await second!).folder)).equals(whole)).toBe(true);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it('starts over where half a checkpoint was left, but not in a folder of somebody else', async () => {
    const out = join(home, 'half');
    await mkdir(`${out}.checkpoint`);
    await writeFile(join(`${out}.checkpoint`, 'fold-1.logistic.state'), 'half');
    const { folder, warnings } = await trainTiny({ data, out, ...SETTINGS });
    expect((await criticOf(folder)).equals(whole)).toBe(true);
    expect(warnings).toContain(`the checkpoint ${out}.checkpoint is damaged and is removed: this run starts anew`);
    expect(existsSync(`${out}.checkpoint.before`)).toBe(false);
    const other = join(home, 'other');
    await mkdir(`${other}.checkpoint`);
    await writeFile(join(`${other}.checkpoint`, 'notes.txt'), 'mine');
    await expect(trainTiny({ data, out: other, ...SETTINGS })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await readdir(`${other}.checkpoint`)).toEqual(['notes.txt']);
  });

  it('does not remove a folder of somebody else that has the name of its checkpoint', async () => {
    const out = join(home, 'taken');
    await writeFile(`${out}.checkpoint`, 'mine');
    await expect(trainTiny({ data, out, ...SETTINGS })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    expect(await readFile(`${out}.checkpoint`, 'utf8')).toBe('mine');
  });
});

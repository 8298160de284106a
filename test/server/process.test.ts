import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { COMPILED } from '../support/command.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { get } from '../support/http-client.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { until } from '../support/until.ts';

const ROOT = new URL('../..', import.meta.url);
const connect = createClientFixture();
const running: ChildProcess[] = [];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-process-'));
  await writeTinyModel(join(folder, 'model'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** The real command in a process of its own. */
const start = (...args: string[]) => startMain([...COMPILED, 'serve'], args);

/** The same with a model that is stuck where it says. */
const startStuck = (where: 'computes' | 'opens', ...args: string[]) =>
  startMain(
    ['--import', 'tsx', 'test/support/stuck-serve.ts', where],
    ['--model', 'm', '--drain-timeout-ms', '100', ...args],
  );

function startMain(main: readonly string[], args: readonly string[]) {
  const command = [...main, '--grpc-port', '0', '--http-port', '0', ...args];
  const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (text.out += String(chunk)));
  child.stderr.on('data', (chunk: Buffer) => (text.err += String(chunk)));
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return { child, text, ended };
}

describe('the serve process', () => {
  it('serves a real artefact with the scores that the library gives, and ends with 0 on SIGTERM', async () => {
    const { child, text, ended } = start('--model', join(folder, 'model'), '--json');
    await until('the server is ready', () => text.out.endsWith('}\n'), 30_000);
    const { grpc, http } = JSON.parse(text.out) as { grpc: string; http: string };

    const detector = await openDetector(join(folder, 'model'), { device: 'cpu' });
    const { rowWidth } = detector.description;
    const rows = Float32Array.from({ length: 50 * rowWidth }, (_, index) => Math.sin(index) * (index % 7));
    const expected = await detector.score(rows);
    await detector.close();

    const { results } = await connect(grpc).score({ dense: { width: rowWidth, values: [...rows] } });
    expect(results.map(({ score }) => score)).toEqual([...expected.scores]);
    expect(results.map(({ pValue }) => pValue)).toEqual([...expected.pValues]);
    expect((await get(http, '/readyz')).status).toBe(200);
    expect((await get(http, '/metrics')).text).toMatch(/^aristarch_process_resident_memory_bytes \d+/m);

    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(text.err).toMatch(/finishing the work in flight/);
  });

  it.each([
    ['one process', []],
    ['two workers', ['--workers', '2']],
  ])('serves on where nobody reads its log any longer, and ends with 0 when it is told to: %s', async (_, flags) => {
    const { child, text, ended } = start('--model', join(folder, 'model'), '--json', ...flags);
    await until('the start', () => text.err.includes('starting with this configuration'), 60_000);
    child.stderr.destroy();
    await until('the server is ready', () => text.out.endsWith('}\n'), 120_000);
    const { http } = JSON.parse(text.out) as { http: string };
    expect((await get(http, '/readyz')).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('finishes its work where its terminal is closed, which sends SIGHUP more than once', async () => {
    const { child, text, ended } = start('--model', join(folder, 'model'));
    await until('the server is ready', () => text.err.includes('ready: gRPC on'), 60_000);
    child.kill('SIGHUP');
    child.kill('SIGHUP');
    expect(await ended).toEqual([0, null]);
    expect(text.err).toContain('"stopped"');
  });

  it('ends with 1 and one message for a folder that is no artefact', async () => {
    await writeFile(join(folder, 'manifest.json'), '{"hello": 1}');
    const { text, ended } = start('--model', folder, '--log-level', 'silent');
    expect((await ended)[0]).toBe(1);
    expect(text.err).toMatch(/^error: .*manifest\.json.*\[ARTEFACT_INVALID\]\n$/s);
    expect(text.err).not.toMatch(/ at .*\.[jt]s:\d/);
    expect(text.out).toBe('');
  });

  it('does not wait for an inference thread that computes on after the drain timeout, and says so', async () => {
    const { child, text, ended } = startStuck('computes', '--inference', 'worker');
    await until('the server is ready', () => text.err.includes('ready: gRPC on'), 60_000);
    child.kill('SIGTERM');
    // What a thread of ONNX Runtime is ended by: to wait would take minutes, and would end with an abort.
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(text.err).toContain('the inference thread still computes what it was given: the process ends without it');
    expect(text.err).toContain('"stopped"');
  }, 120_000);

  it('does not wait for it either where a second signal comes', async () => {
    const { child, text, ended } = startStuck('computes', '--inference', 'worker', '--drain-timeout-ms', '3600000');
    await until('the server is ready', () => text.err.includes('ready: gRPC on'), 60_000);
    child.kill('SIGTERM');
    await until('the first signal is heard', () => text.err.includes('finishing the work in flight'), 60_000);
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGKILL']);
  }, 120_000);

  it('ends, with a message, where it is stopped during a start that does not come to an end', async () => {
    const { child, text, ended } = startStuck('opens');
    await until('the start', () => text.err.includes('starting with this configuration'), 60_000);
    child.kill('SIGTERM');
    expect(await ended).toEqual([1, null]);
    expect(text.err).toContain('not all has ended 3.1 s after the signal: the process ends without it');
  }, 120_000);
});

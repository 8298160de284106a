import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
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
function start(...args: string[]) {
  const command = ['--import', 'tsx', 'src/cli.ts', 'serve', '--grpc-port', '0', '--http-port', '0', ...args];
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

  it('ends with 1 and one message for a folder that is no artefact', async () => {
    await writeFile(join(folder, 'manifest.json'), '{"hello": 1}');
    const { text, ended } = start('--model', folder, '--log-level', 'silent');
    expect((await ended)[0]).toBe(1);
    expect(text.err).toMatch(/^error: .*manifest\.json.*\[ARTEFACT_INVALID\]\n$/s);
    expect(text.err).not.toMatch(/ at .*\.[jt]s:\d/);
    expect(text.out).toBe('');
  });
});

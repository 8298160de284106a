import { execFile } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import type { ComparedRow, Pair } from '../../../src/server/candidates/compare.ts';
import { createRowLog } from '../../../src/server/candidates/row-log.ts';
import { SYSTEM_CLOCK } from '../../../src/server/clock.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createNumberDetector } from '../../support/number-detector.ts';
import { toOpenModel } from '../../support/open-model.ts';
import { createListeningLog } from '../../support/serve-fixture.ts';
import { until } from '../../support/until.ts';

const data = useDataFolder();
const serving = toOpenModel(createNumberDetector());
const PAIR: Pair = { model: 'pumps', serving, candidate: serving };
const SCORE = { score: 1, pValue: 0.5, anomalous: false };
const row = (key: string): ComparedRow => ({ key, by: 'serving', serving: SCORE, candidate: SCORE });

function open(path: string) {
  const { log, lines } = createListeningLog();
  const dropped: (string | number)[] = [];
  const onDropped = (model: string, rows: number): void => void dropped.push(model, rows);
  return {
    record: createRowLog({ path, maxBytes: 16 * 1024 ** 2, clock: SYSTEM_CLOCK, log, onDropped }),
    dropped,
    lines,
  };
}

it('rows that cannot be written are counted, and told of once', async () => {
  const path = data.path('scores.ndjson');
  await mkdir(path);
  const { record, dropped, lines } = open(path);
  record(PAIR, [row('a'), row('b')]);
  await until('they are given up', () => dropped.length > 0);
  record(PAIR, [row('c')]);
  await until('the next is, too', () => dropped.length > 2);
  expect(dropped).toEqual(['pumps', 2, 'pumps', 1]);
  expect(lines()).toHaveLength(1);
  await rm(path, { recursive: true });
  record(PAIR, [row('d')]);
  await until('the file is there', () =>
    readFile(path, 'utf8').then(
      (text) => text.includes('"d"'),
      () => false,
    ),
  );
  expect(dropped).toHaveLength(4);
});

it('rows that come faster than the disk takes them are left out, and counted', async () => {
  const path = join(data.path('.'), 'many.ndjson');
  const { record, dropped } = open(path);
  const rows = Array.from({ length: 1000 }, () => row('x'.repeat(500)));
  // The first is being written, the second waits, and a third has no room.
  for (let piece = 0; piece < 3; piece++) record(PAIR, rows);
  expect(dropped).toEqual(['pumps', 1000]);
  await until('the others are written', async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    return text.split('\n').length === 2001;
  });
});

const run = promisify(execFile);

/** Writes rows, one after the other, until one is left out, in a process whose files may have a few kilobytes at most. */
const UNTIL_FULL = `
  import { createRowLog } from './src/server/candidates/row-log.ts';
  const serving = { description: { name: 'pumps', version: '1' } };
  const score = { score: 1, pValue: 0.5, anomalous: false };
  let dropped = 0;
  const record = createRowLog({
    path: process.env.ROW_LOG,
    maxBytes: 2 ** 30,
    clock: { wallMs: () => 0 },
    log: { warn: (_, message) => console.log(message) },
    onDropped: () => (dropped += 1),
  });
  for (let row = 0; row < 1000 && dropped === 0; row++) {
    record({ model: 'pumps', serving, candidate: serving }, [{ key: 'k' + row, by: 'serving', serving: score, candidate: score }]);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
`;

it('a disk that fills up leaves whole lines: what comes when there is room again is not joined to half of one', async () => {
  const path = data.path('full.ndjson');
  const node = `"${process.execPath}" --import tsx --input-type=module --eval "$SCRIPT"`;
  const env = { ...process.env, SCRIPT: UNTIL_FULL, ROW_LOG: path, TSX_DISABLE_CACHE: '1' };
  const { stdout } = await run('/bin/sh', ['-c', `ulimit -f 8; ${node}`], { env });
  expect(stdout).toMatch(/^rows scored by both cannot be written: EFBIG/);
  const lines = (await readFile(path, 'utf8')).split('\n');
  expect(lines.pop()).toBe('');
  expect(lines.length).toBeGreaterThan(8);
  const keys = lines.map((line) => (JSON.parse(line) as { key: string }).key);
  expect(keys).toEqual(keys.map((_, index) => `k${index}`));
});

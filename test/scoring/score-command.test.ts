import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openTable } from '../../src/tables/table.ts';
import { createScoreCommand } from '../../src/scoring/score-command.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const CSV = 'id,amount,colour,paid,city\n1,3.5,red,true,x\n2,20,blue,,y\n3,0,green,false,z\n';
let model: string;
let home: string;
let data: string;

beforeAll(async () => {
  model = await writeTinyModel(join(await temporaryFolder('model'), 'm'));
});
beforeEach(async () => {
  home = await temporaryFolder('score');
  data = join(home, 'new.csv');
  await writeFile(data, CSV);
});

async function score(...args: string[]) {
  const terminal = createListeningTerminal();
  await createScoreCommand(terminal).parseAsync(['--device', 'cpu', '--model', model, ...args], { from: 'user' });
  return terminal;
}

async function rowsOf(path: string): Promise<unknown[]> {
  const table = await openTable({ data: [path] });
  try {
    return await table.query('* FROM data');
  } finally {
    await table.close();
  }
}

describe('the score command', () => {
  it('writes every row with its score, p-value and verdict', async () => {
    const out = join(home, 'scored.parquet');
    const terminal = await score('--data', data, '--out', out);
    expect(terminal.exitCode()).toBeUndefined();
    expect(await rowsOf(out)).toEqual([
      expect.objectContaining({ colour: 'red', city: 'x', score: 4.5, p_value: 0.55, anomalous: false }),
      expect.objectContaining({ colour: 'blue', city: 'y', score: 28, p_value: 0.01, anomalous: true }),
      expect.objectContaining({ colour: 'green', city: 'z', score: 2, p_value: 0.8, anomalous: false }),
    ]);
    expect(terminal.out()).toContain(`3 rows scored by tiny`);
    expect(terminal.out()).toContain(
      '1 (33.33 %) are anomalous at a false-positive rate of 0.05 (score above 9.40000)',
    );
    expect(terminal.out()).toContain('in the result, and not looked at: city');
  });

  it('remarks on the device that auto chose, and does not warn of it', async () => {
    const terminal = await score('--device', 'auto', '--data', data, '--out', join(home, 'o.csv'), '--json');
    const { device } = JSON.parse(terminal.out()) as { device: string };
    if (device === 'cpu') expect(terminal.err()).toMatch(/^device: cpu \(cuda: .+\)$/m);
    expect(terminal.err()).not.toContain('warning:');
  });

  it('writes nothing but the summary to standard output with --json', async () => {
    const terminal = await score('--data', data, '--out', join(home, 'o.csv'), '--rate', '0.5', '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({
      model: 'tiny',
      device: 'cpu',
      rows: 3,
      flagged: 1,
      falsePositiveRate: 0.5,
      unknownColumns: ['city'],
      rowsPerSecond: expect.any(Number),
    });
    expect(terminal.err()).toContain('scoring: 3 of 3 rows');
  });

  it('says which lines of a file it took for a title, on standard error and in the summary', async () => {
    await writeFile(data, `Rows of March\n${CSV}`);
    const terminal = await score('--data', data, '--out', join(home, 'o.csv'), '--json');
    const said = 'line 1 ("Rows of March") is left out';
    expect(terminal.err()).toMatch(/^warning: .*new\.csv: line 1 \("Rows of March"\) is left out/m);
    expect(JSON.parse(terminal.out())).toMatchObject({ rows: 3, warnings: [expect.stringContaining(said)] });
  });

  it('scores more rows than a batch or a chunk holds, each in its place', async () => {
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i},${i % 97},red,false`);
    await writeFile(data, `id,amount,colour,paid\n${lines.join('\n')}\n`);
    const out = join(home, 'scored.parquet');
    const terminal = await score('--data', data, '--out', out, '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({ rows: 30_000 });
    const table = await openTable({ data: [out] });
    expect(await table.query('count(*) AS n FROM data WHERE score = amount AND id % 97 = amount')).toEqual([
      { n: 30_000n },
    ]);
    await table.close();
  });

  it('leaves a column that the model reads out of the result alone', async () => {
    const [all, out] = [join(home, 'all.parquet'), join(home, 'o.parquet')];
    await score('--data', data, '--out', all);
    const terminal = await score('--data', data, '--out', out, '--exclude', 'amount,city');
    expect(terminal.exitCode()).toBeUndefined();
    const wanted = (await rowsOf(all)) as Record<string, unknown>[];
    const kept = ['id', 'colour', 'paid', 'score', 'p_value', 'anomalous'];
    expect(await rowsOf(out)).toEqual(wanted.map((row) => Object.fromEntries(kept.map((name) => [name, row[name]]))));
  });

  it('rounds a rate for people', async () => {
    const terminal = await score('--data', data, '--out', join(home, 'o.csv'), '--rate', String(1 / 3));
    expect(terminal.out()).toContain('at a false-positive rate of 0.333 (');
  });

  it('takes only the rows that --where keeps', async () => {
    const terminal = await score('--data', data, '--where', 'id > 1', '--out', join(home, 'o.csv'), '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({ rows: 2, flagged: 1 });
  });

  it('refuses data that has a column named like a result, with the remedy, which works', async () => {
    await writeFile(data, CSV.replaceAll('city', 'score'));
    const refused = await score('--data', data, '--out', join(home, 'o.csv'));
    expect(refused.exitCode()).toBe(1);
    expect(refused.err()).toContain('has a column "score" already');
    expect(refused.err()).toContain('--exclude score');
    const cured = await score('--data', data, '--out', join(home, 'o.csv'), '--exclude', 'score');
    expect(cured.exitCode()).toBeUndefined();
  });

  it.each([
    ['a missing column', CSV.replaceAll('paid', 'payed'), 'SCHEMA_MISMATCH', '"paid"'],
    ['a value of a wrong type', CSV.replace('3.5', 'many'), 'INVALID_INPUT', 'column "amount" holds "many"'],
    ['no rows', 'amount,colour,paid\n', 'DATA_UNREADABLE', 'has no rows'],
  ])('refuses %s and leaves no result behind', async (_, csv, code, message) => {
    await writeFile(data, csv);
    const terminal = await score('--data', data, '--out', join(home, 'o.csv'), '--json');
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.out()).toBe('');
    const last = terminal.err().trim().split('\n').at(-1)!;
    expect(JSON.parse(last)).toMatchObject({ error: { code, message: expect.stringContaining(message) } });
    expect(await readdir(home)).toEqual(['new.csv']);
  });

  it('refuses a rate below what the calibration supports, and a missing --out', async () => {
    const low = await score('--data', data, '--out', join(home, 'o.csv'), '--rate', '0.0001');
    expect(low.err()).toContain('[RATE_UNSUPPORTED]');
    const without = await score('--data', data);
    expect(without.err()).toContain('--out is missing. Give --out <file>');
  });
});

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { normalOrders, useTinyModel } from '../support/train-tiny.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const model = useTinyModel();
const files = useDataFolder();
let home: string;
beforeEach(async () => {
  home = await temporaryFolder('sample');
});

async function sample(...args: string[]) {
  const terminal = createListeningTerminal();
  const given = ['--device', 'cpu', '--model', model().folder, ...args];
  await createSampleCommand(terminal).parseAsync(given, { from: 'user' });
  return terminal;
}

async function openSample(name: string, ...args: string[]) {
  const out = join(home, name);
  const terminal = await sample('--out', out, ...args);
  expect(terminal.err()).not.toContain('error');
  return files.open({ data: [out] });
}

describe('the sample command', () => {
  it('writes columns of the types of the training data', async () => {
    const table = await openSample('s.parquet', '--count', '100');
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'price DOUBLE',
      'items BIGINT',
      'weight DOUBLE',
      'colour VARCHAR',
      'wrapped BOOLEAN',
      'at TIMESTAMP',
    ]);
    expect(table.rowCount).toBe(100);
  });

  it("stays in the training rows' ranges and levels, with nulls only where training had some", async () => {
    const orders = normalOrders(400);
    const prices = orders.map(({ price }) => price);
    const table = await openSample('s.parquet', '--count', '3000');
    const [facts] = await table.query(
      `min(price) AS least, max(price) AS most, min(items) >= 1 AND max(items) <= 6 AS items,
       list_sort(list(DISTINCT colour)) AS colours, count(*) - count(price) AS nulls,
       min("at") >= '1970-01-05' AND max("at") < '1970-01-12' AS week FROM data`,
    );
    expect(facts!['least']).toBeGreaterThanOrEqual(Math.fround(Math.min(...prices)) - 1e-6);
    expect(facts!['most']).toBeLessThanOrEqual(Math.fround(Math.max(...prices)) + 1e-4);
    expect(facts).toMatchObject({ items: true, nulls: 0n, week: true });
    for (const colour of facts!['colours'] as string[]) expect(['blue', 'green', 'red']).toContain(colour);
  });

  it.each(['parquet', 'csv', 'tsv.gz', 'ndjson'])('writes the same bytes for the same seed: %s', async (ending) => {
    const out = (name: string) => join(home, `${name}.${ending}`);
    await sample('--count', '700', '--seed', '5', '--out', out('a'));
    await sample('--count', '700', '--seed', '5', '--out', out('b'));
    await sample('--count', '700', '--seed', '6', '--out', out('c'));
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => readFile(out(name))));
    expect(a!.equals(b!)).toBe(true);
    expect(a!.equals(c!)).toBe(false);
  });

  it('begins a longer sample with the shorter one', async () => {
    const [short, long] = [join(home, 'short.csv'), join(home, 'long.csv')];
    await sample('--count', '300', '--out', short);
    await sample('--count', '900', '--out', long);
    const text = await readFile(long, 'utf8');
    expect(text.startsWith(await readFile(short, 'utf8'))).toBe(true);
    expect(text.trimEnd().split('\n')).toHaveLength(901);
  });

  it('writes nothing but the summary to standard output with --json', async () => {
    const terminal = await sample('--count', '20', '--seed', '3', '--out', join(home, 's.csv'), '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({
      ...{ model: 'orders', device: 'cpu', rows: 20, seed: 3, rowsPerSecond: expect.any(Number) as unknown },
      columns: ['price', 'items', 'weight', 'colour', 'wrapped', 'at'],
    });
    expect(terminal.err()).toContain('sampling: 20 of 20 rows');
  });

  it('replaces an older file only by a whole one', async () => {
    const out = join(home, 's.csv');
    await writeFile(out, 'old');
    const refused = await sample('--count', '0', '--out', out);
    expect(refused.exitCode()).toBe(1);
    expect(await readFile(out, 'utf8')).toBe('old');
    await sample('--count', '1', '--out', out);
    expect(await readFile(out, 'utf8')).toMatch(/^price,/);
    expect(await readdir(home)).toEqual(['s.csv']);
  });

  it.each([
    [['--count', '0', '--out', 's.csv'], '--count'],
    [['--count', 'many', '--out', 's.csv'], 'a whole number from 1'],
    [['--count', '5', '--out', 's.xlsx'], 'use .parquet, .csv'],
    [['--count', '5', '--out', 's.jpg'], 'of images .parquet, or .png for a grid'],
    [['--count', '5', '--out', 'absent/s.csv'], 'there is no folder'],
    [['--count', '5'], '--out is missing'],
    [['--count', '5', '--out', 's.csv', '--seed', 'x'], '--seed'],
  ])('refuses %j', async (args, message) => {
    const at = args.indexOf('--out') + 1;
    const placed = args.map((arg, index) => (index === at && at > 0 ? join(home, arg) : arg));
    const terminal = await sample(...placed);
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.err()).toContain(message);
    expect(await readdir(home)).toEqual([]);
  });

  it('says what is wrong with a model without a generator', async () => {
    const without = await writeTinyModel(join(home, 'm'));
    const terminal = await sample('--model', without, '--out', join(home, 's.csv'));
    expect(terminal.err()).toContain('trained with --no-generator');
    expect(terminal.err()).toContain('[PRECONDITION_FAILED]');
  });
});

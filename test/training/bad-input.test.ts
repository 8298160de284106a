import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { encodePng } from '../../src/models/images/formats/png.ts';
import { createTrainCommand } from '../../src/training/command.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createListeningTerminal, type ListeningTerminal } from '../support/listening-terminal.ts';
import { normalOrders, toCsv } from '../support/train-tiny.ts';

const folder = useDataFolder();
const FAST = ['--steps', '5', '--hidden', '8', '--folds', '2', '--device', 'cpu'];

/** The train command with a terminal that listens. */
async function train(...args: string[]): Promise<ListeningTerminal> {
  const terminal = createListeningTerminal();
  await createTrainCommand(terminal).parseAsync([...args, ...FAST], { from: 'user' });
  return terminal;
}

let runs = 0;
/** Runs it on a file, and checks that the fault is reported and that nothing is left behind. */
async function refused(file: string, ...args: string[]): Promise<string> {
  const out = folder.path(`refused-${++runs}`);
  const before = await readdir(folder.path('.'));
  const terminal = await train('--data', file, '--out', out, ...args);
  expect(terminal.exitCode()).toBe(1);
  expect(terminal.out()).toBe('');
  expect(await readdir(folder.path('.'))).toEqual(before);
  return terminal.err();
}

const orders = (): Promise<string> => folder.write('orders.csv', toCsv(normalOrders(60)));

describe('the train command refuses, and leaves nothing behind:', () => {
  it('a file that does not exist, or is empty', async () => {
    expect(await refused(folder.path('none.csv'))).toContain('none.csv');
    const empty = await folder.write('empty.csv', '');
    expect(await refused(empty)).toMatch(/error: .*empty\.csv.*/);
  });

  it('a folder of images where nobody says that images are meant', async () => {
    await mkdir(folder.path('pictures'));
    for (let index = 0; index < 25; index++)
      await folder.write(`pictures/${index}.png`, encodePng(1, 1, 1, Uint8Array.of(index)));
    expect(await refused(folder.path('pictures'))).toContain('give --image-column image');
  });

  it('a file with a header and no rows, and one with too few', async () => {
    expect(await refused(await folder.write('header.csv', 'a,b\n'))).toMatch(/error: .*0 rows|no rows/);
    const five = await folder.write('five.csv', toCsv(normalOrders(5)));
    expect(await refused(five)).toContain(
      'the data have 5 rows; at least 20 normal rows are needed to train [INVALID_INPUT]',
    );
    const some = await refused(await orders(), '--where', "colour = 'red' AND items > 5");
    expect(some).toMatch(/the data have \d rows where colour = 'red' AND items > 5; at least 20/);
    const none = await refused(await orders(), '--where', 'price > 100000');
    expect(none).toContain('--where "price > 100000" keeps none of the 60 rows: check the condition');
  });

  it('a value that does not fit, by its row, where the columns are looked at first', async () => {
    const flags = Array.from({ length: 60 }, (_, i) => `${i === 40 ? 7 : i % 2},${i}.5`);
    const file = await folder.write('flags.csv', `paid,amount\n${flags.join('\n')}\n`);
    const schema = await folder.write('flags.json', '{"fields": {"paid": "boolean"}}');
    const said = await refused(file, '--schema', schema, '--dry-run');
    expect(said).toMatch(/row 41 of .*flags\.csv: column "paid" holds "7.0", not true, false, 0 or 1/);
  });

  it('a late value of JSON, without options that nobody can set', async () => {
    const rows = Array.from({ length: 200_001 }, (_, i) => `{"a":${i < 200_000 ? i % 9 : '"x"'},"b":${i}}`);
    const said = await refused(await folder.write('late.ndjson', rows.join('\n')));
    expect(said).toMatch(/late\.ndjson: .*in line 200001: Failed to cast value to numerical: "x" \[DATA_UNREADABLE\]/);
    expect(said).not.toContain('sample_size');
  });

  it('columns that are all constant', async () => {
    const constant = await folder.write('constant.csv', `a,b\n${'1,x\n'.repeat(30)}`);
    expect(await refused(constant)).toContain('no column is left to learn from: a (constant), b (constant)');
  });

  it('a wrong condition, and an unknown column', async () => {
    expect(await refused(await orders(), '--where', 'colour ==== 3')).toMatch(/error: .*--where/);
    expect(await refused(await orders(), '--where', 'color = 1')).toMatch(/error: .*color/);
    expect(await refused(await orders(), '--exclude', 'collour')).toMatch(/"collour".*colour/);
  });

  it('a rate that the calibration rows cannot support, with the smallest that they can', async () => {
    const said = await refused(await orders(), '--rate', '0.001');
    expect(said).toContain('--rate 0.001 is below what 60 calibration rows support: give at least 0.0164');
    expect(said).not.toContain('training wgan-gp');
  });

  it('scores by networks that are not trained', async () => {
    const said = await refused(await orders(), '--no-generator', '--score', 'own');
    expect(said).toContain('--score own has nothing to score by: this run trains logistic member, WGAN-GP member');
  });

  it('a share for calibration that leaves no rows to train on', async () => {
    const said = await refused(await orders(), '--cross-below', '0', '--calibration-share', '0.95');
    expect(said).toContain('holding out 57 of 60 rows leaves too few to train on: lower --calibration-share');
  });

  it('an output that is taken, or cannot be written', async () => {
    const file = await orders();
    const taken = folder.path('taken');
    await mkdir(taken, { recursive: true });
    await writeFile(`${taken}/thesis.txt`, 'mine');
    expect(await refused(file, '--out', taken)).toContain(`${taken} already exists: choose another folder`);
    expect(await refused(file, '--out', taken, '--replace')).toContain('already exists');
    expect(await readdir(taken)).toEqual(['thesis.txt']);
    expect(await refused(file, '--out', `${file}/model`)).toMatch(
      /cannot write .*check its space and rights, or choose another place/,
    );
    expect(existsSync(`${taken}.checkpoint`)).toBe(false);
  });

  it('training that diverges for good, without a model or a checkpoint', async () => {
    const said = await refused(await orders(), '--learning-rate', '10', '--logistic-lambda', '1e39');
    expect(said).toMatch(/the logistic member diverged at step \d+ .* Lower --learning-rate/);
    expect(said).toContain('[TRAINING_DIVERGED]');
  });

  it('a device that is not there, though it was asked for by name', async () => {
    const terminal = createListeningTerminal();
    const out = folder.path('cuda');
    const flags = ['--data', await orders(), '--out', out, '--device', 'cuda'];
    await createTrainCommand(terminal).parseAsync(flags, { from: 'user' });
    // A machine with CUDA trains; every other one says what it lacks.
    if (terminal.exitCode() === undefined) return;
    expect(terminal.err()).toMatch(/device cuda cannot be used here: .* use --device cpu, or/);
    expect(existsSync(`${out}.checkpoint`)).toBe(false);
  });

  it('everything with --json as JSON on standard error', async () => {
    const said = await refused(await orders(), '--members', 'svm', '--json');
    expect(JSON.parse(said)).toMatchObject({ error: { code: 'INVALID_INPUT' } });
  });
});

describe('a dry run', () => {
  it('prints the configuration and the schema, and writes nothing', async () => {
    const file = await orders();
    const before = await readdir(folder.path('.'));
    const terminal = await train('--data', file, '--out', folder.path('dry'), '--exclude', 'items', '--dry-run');
    expect(terminal.exitCode()).toBeUndefined();
    const said = terminal.out();
    for (const line of ['steps: 5', 'hidden: [8]', 'preset: "detect"', 'timeBudget: none'])
      expect(said).toContain(`  ${line}\n`);
    expect(said).toContain('Schema (60 of 60 rows, calibration by cross; ');
    expect(said).toMatch(/^ {2}colour +category +3 levels$/m);
    expect(said).toMatch(/^ {2}weight +number +with missing values$/m);
    expect(said.match(/items: left out, excluded on request/g)).toHaveLength(1);
    expect(await readdir(folder.path('.'))).toEqual(before);
  });

  it('does the same as JSON, and finds the faults that training would', async () => {
    const file = await orders();
    const terminal = await train('--data', file, '--out', folder.path('dry'), '--dry-run', '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({
      config: { preset: 'detect', steps: 5, hidden: [8], seed: 1 },
      schema: { fields: [{ name: 'price', kind: 'number' }, { name: 'items' }, {}, {}, {}, { kind: 'timestamp' }] },
      ...{ rows: 60, rowsInSource: 60, calibration: 'cross', warnings: [] },
    });
    expect(await refused(file, '--dry-run', '--rate', '0.001')).toContain('RATE_UNSUPPORTED');
  });

  it('warns of lines that were taken for titles or remarks', async () => {
    const file = await folder.write('titled.csv', `#by hand\n${toCsv(normalOrders(60))}`);
    const given = ['--data', file, '--out', folder.path('dry'), '--dry-run'];
    expect((await train(...given)).err()).toMatch(/^warning: .*titled\.csv: line 1 \("#by hand"\) is left out/m);
    const { warnings } = JSON.parse((await train(...given, '--json')).out()) as { warnings: string[] };
    expect(warnings).toEqual([expect.stringContaining('line 1 ("#by hand") is left out')]);
  });
});

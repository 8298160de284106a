import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { peakBytes } from '../../../src/base/peak-memory.ts';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { createTranslateCommand } from '../../../src/scoring/translate-command.ts';
import { createTrainCommand } from '../../../src/training/command.ts';
import { readTrainConfig } from '../../../src/training/config.ts';
import { trainModel } from '../../../src/training/train.ts';
import { allRows, useDataFolder } from '../../support/data-files.ts';
import { createListeningTerminal, type ListeningTerminal } from '../../support/listening-terminal.ts';
import { ALL, FAST, PLAIN, sourceFlags, trainPlants, writePlants } from '../../support/plant-files.ts';
import { measurements } from '../../support/plants.ts';
import { toCsv } from '../../support/train-tiny.ts';

const files = useDataFolder();
async function translate(...args: string[]): Promise<ListeningTerminal> {
  const terminal = createListeningTerminal();
  await createTranslateCommand(terminal).parseAsync(['--device', 'cpu', ...args], { from: 'user' });
  return terminal;
}

const QUIET = {
  note: () => undefined,
  warn: () => undefined,
  now: () => new Date(Date.UTC(2026, 0, 1)),
  seconds: () => performance.now() / 1000,
  peakBytes,
};

let sources: Readonly<Record<string, string>>;
let folder: string;
const given = (): string[] => sourceFlags(sources);
const DRAWING = ['--draw-levels'];
const train = trainPlants;

beforeAll(async () => {
  sources = await writePlants(files);
  folder = files.path('ulm');
  const terminal = await train(...given(), ...PLAIN, ...DRAWING, '--out', folder);
  expect(terminal.err()).not.toContain('error');
  expect(terminal.out()).toMatch(/ulm \w+ is trained/);
  expect(terminal.out()).toMatch(/npm run translate -- --model .* --from brest/);
}, 120_000);

describe('a model of three sources', () => {
  it('holds a translator for each other source, and what it says of them, with hashes', async () => {
    const { manifest } = await readArtefact(folder);
    expect(Object.keys(manifest.files)).toEqual(
      expect.arrayContaining(['translate-brest.onnx', 'translate-turin.onnx']),
    );
    expect(manifest.translation).toMatchObject({
      target: 'ulm',
      lacking: 'neutral',
      carried: [{ name: 'faulty', kind: 'number' }],
      classes: [['0'], ['1']],
      sources: [
        { name: 'brest', rows: 150, shared: ['load', 'heat', 'vibration', 'speed', 'guarded', 'mode'] },
        { name: 'turin', rows: 120, shared: ['load', 'heat', 'vibration', 'guarded', 'mode'] },
      ],
    });
  });

  it("scores the target's records as any model does, the label not among its fields", async () => {
    const detector = await openDetector(folder, { device: 'cpu' });
    try {
      const { fields } = detector.description.schema;
      expect(fields.map(({ name }) => name)).toEqual(['load', 'heat', 'vibration', 'speed', 'mode', 'guarded']);
      const { scores } = await detector.score(measurements('ulm', 50, 7));
      expect(scores.every(Number.isFinite)).toBe(true);
    } finally {
      await detector.close();
    }
  });

  it("translates a file to exactly the target's columns and types, its label carried along", async () => {
    const out = files.path('translated.parquet');
    const terminal = await translate('--model', folder, '--from', 'turin', '--data', sources['turin']!, '--out', out);
    expect(terminal.err()).not.toContain('error');
    const table = await files.open({ data: [out] });
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'load DOUBLE',
      'heat DOUBLE',
      'vibration DOUBLE',
      'speed BIGINT',
      'mode VARCHAR',
      'guarded BOOLEAN',
      'faulty BIGINT',
    ]);
    const rows = await allRows(table);
    expect(rows.map(({ faulty }) => Number(faulty))).toEqual(measurements('turin', 120).map(({ faulty }) => faulty));
    expect(new Set(rows.map(({ speed }) => speed)).size).toBe(1);
    expect(rows.every(({ mode }) => mode === 'run' || mode === 'idle')).toBe(true);
    expect(rows.every(({ heat }) => Number(heat) > 20 && Number(heat) < 110)).toBe(true);
  });

  it("augments: the target's own rows first, as they are, then the others', marked, and it can be scored", async () => {
    const out = files.path('augmented.csv');
    const terminal = await translate('--model', folder, '--augment', ...given(), '--out', out, '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({ rows: { ulm: 60, brest: 150, turin: 120 }, target: 'ulm' });
    const rows = await allRows(await files.open({ data: [out] }));
    expect(rows.map(({ source }) => source)).toEqual(
      (['ulm', 'brest', 'turin'] as const).flatMap((name) =>
        rows.filter(({ source }) => source === name).map(() => name),
      ),
    );
    const own = measurements('ulm', 60);
    rows.slice(0, 60).forEach((row, index) => {
      expect(Number(row['load'])).toBeCloseTo(own[index]!.load, 3);
      expect(row).toMatchObject({ mode: own[index]!.mode, guarded: own[index]!.guarded });
      expect(Number(row['faulty'])).toBe(own[index]!.faulty);
    });
    expect(Object.keys(rows[0]!)).toEqual([
      'load',
      'heat',
      'vibration',
      'speed',
      'mode',
      'guarded',
      'faulty',
      'source',
    ]);
  });

  it('gives the same file for the same seed, and another for another', async () => {
    const run = async (name: string, ...more: string[]): Promise<Buffer> => {
      const out = files.path(name);
      await translate('--model', folder, '--source', `brest=${sources['brest']}`, '--out', out, ...more);
      return readFile(out);
    };
    const first = await run('first.csv');
    expect((await run('second.csv')).equals(first)).toBe(true);
    expect((await run('other.csv', '--seed', '2')).equals(first)).toBe(false);
  });

  it('is made again, byte for byte, from the checkpoint of a run that was stopped while it learnt to translate', async () => {
    const again = files.path('again');
    const stop = new AbortController();
    const command = createTrainCommand(createListeningTerminal());
    command.action(() => undefined);
    const args = ['--family', 'radialgan', '--device', 'cpu', ...FAST, ...given(), ...PLAIN, ...DRAWING];
    await command.parseAsync([...args, '--out', again, '--steps-per-call', '5'], { from: 'user' });
    const config = await readTrainConfig(command, {});
    const hooks = { ...QUIET, signal: stop.signal, onUpdates: () => stop.abort() };
    await expect(trainModel(config, hooks)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await readdir(`${again}.checkpoint`)).toContain('translation.translation.state');
    const resumed = { ...config, run: { ...config.run, resume: true } };
    await trainModel(resumed, { ...QUIET, signal: new AbortController().signal, onUpdates: () => undefined });
    for (const file of ['critic.onnx', 'translate-brest.onnx', 'translate-turin.onnx']) {
      const [a, b] = await Promise.all([folder, again].map((each) => readFile(join(each, file))));
      expect(a!.equals(b!)).toBe(true);
    }
  }, 60_000);
});

describe('a dry run', () => {
  it('says what the sources are and have', async () => {
    const terminal = await train(...given(), ...ALL, '--dry-run');
    expect(terminal.out()).toMatch(/ulm \(target\) +60 rows +load, heat, vibration, speed, mode, guarded/);
    expect(terminal.out()).toMatch(/turin +120 rows +load, heat, vibration, mode, guarded/);
  });
});

describe('the translate command refuses', () => {
  it.each([
    [['--from', 'turin'], '--from and --data go together'],
    [[], 'there is nothing to translate'],
    [['--source', 'rome=x.csv'], '--source names rome, which is no source; there are brest, turin'],
    [['--source', 'ulm=x.csv'], 'ulm is the target itself'],
    [['--source', 'brest=x.csv', '--augment'], "--augment needs the target's own rows"],
    [['--source', 'brest=x.csv', '--to', 'brest'], '--to brest is not the target of the model, ulm'],
    [['--source', 'brest=x.csv', '--mark', 'plant'], '--mark names a column of --augment alone: leave it out'],
    [
      ['--from', 'brest', '--data', 'x.csv', '--augment'],
      'give --source ulm=FILE --source brest=FILE in the place of --from and --data',
    ],
    [['--source', 'brest=none.csv'], 'there is no file none.csv'],
    [['--source', 'none.csv'], '--source none.csv has no name: write --source NAME=none.csv'],
  ])('%s', async (args, message) => {
    const terminal = await translate('--model', folder, '--out', files.path('refused.csv'), ...args);
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.err()).toContain(message);
  });

  it('to replace what it reads, of any of the sources, which then keep all their rows', async () => {
    const own = await files.write('own.csv', toCsv(measurements('ulm', 20)));
    const other = await files.write('other.csv', toCsv(measurements('turin', 20)));
    const all = ['--augment', '--source', `ulm=${own}`, '--source', `turin=${other}`];
    for (const out of [own, other]) {
      const before = await readFile(out);
      const terminal = await translate('--model', folder, ...all, '--where', 'faulty = 0', '--out', out);
      expect(terminal.exitCode()).toBe(1);
      expect(terminal.err()).toContain(`${out} is the data itself, which the result would replace: give another name`);
      expect((await readFile(out)).equals(before)).toBe(true);
    }
  });

  it('a label that no training row had, by row and with what there was', async () => {
    const data = await files.write('odd.csv', toCsv(measurements('brest', 3).map((row) => ({ ...row, faulty: 7 }))));
    const terminal = await translate(
      '--model',
      folder,
      '--from',
      'brest',
      '--data',
      data,
      '--out',
      files.path('refused.csv'),
    );
    expect(terminal.err()).toContain('row 1 of brest has faulty = 7, which no training row had: there were 0; 1');
  });
});

describe('the train command refuses', () => {
  const refused = async (...args: string[]): Promise<string> => {
    const terminal = await train(...args, '--out', files.path('refused'));
    expect(terminal.exitCode()).toBe(1);
    return terminal.err();
  };

  it('sources that are not two, have no name, or no target', async () => {
    const { ulm = '', brest = '' } = sources;
    expect(await refused('--data', ulm)).toContain('reads several sources: give --source NAME=ADDRESS for each');
    expect(await refused('--source', `ulm=${ulm}`, '--target', 'ulm')).toContain('give at least two');
    expect(await refused('--source', `ulm=${ulm}`, '--source', `brest=${brest}`)).toContain('--target is missing');
    expect(await refused(...given(), '--target', 'rome')).toContain(
      '--target names rome, which is no source; there are ulm, brest, turin',
    );
    expect(await refused(...given(), '--target', 'ulm', '--from-model', folder)).toContain(
      'does not go on from a model',
    );
  });

  it('columns of two kinds, labels that a source lacks, and names that no source has', async () => {
    const wrong = await files.write(
      'wrong.csv',
      toCsv(measurements('brest', 40).map((row) => ({ ...row, load: `<${row.load}>` }))),
    );
    const two = ['--source', `ulm=${sources['ulm']}`, '--source', `brest=${wrong}`, '--target', 'ulm'];
    expect(await refused(...two)).toMatch(/"load" is a number in ulm and a category in brest|SCHEMA_MISMATCH/);
    expect(await refused(...given(), '--target', 'ulm', '--condition', 'speed')).toContain('turin has no column of');
    expect(await refused(...given(), '--target', 'ulm', '--exclude', 'colour')).toContain(
      '"colour", which no source has',
    );
  });

  it('sources in another family', async () => {
    const terminal = createListeningTerminal();
    await createTrainCommand(terminal).parseAsync([...given(), '--target', 'ulm'], { from: 'user' });
    expect(terminal.err()).toContain('has one source of rows: give it as --data');
  });
});

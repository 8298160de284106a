import { createTrainCommand } from '../../src/training/command.ts';
import type { DataFolder } from './data-files.ts';
import { createListeningTerminal, type ListeningTerminal } from './listening-terminal.ts';
import { measurements, type PlantName } from './plants.ts';
import { toCsv } from './train-tiny.ts';

/** Few steps of small networks. */
export const FAST = [
  ...['--steps', '40', '--hidden', '16', '--folds', '2', '--fourier-features', '8'],
  ...['--translation-steps', '20'],
];
export const ALL = ['--target', 'ulm', '--condition', 'faulty', '--where', 'faulty = 0'];
export const PLAIN = [...ALL, '--no-compare-sources'];

const COUNTS: Readonly<Record<PlantName, number>> = { ulm: 60, brest: 150, turin: 120 };

/** Measurements of three plants as files, one of them Parquet of types of its own: their paths by name. */
export async function writePlants(files: DataFolder): Promise<Readonly<Record<string, string>>> {
  const [ulm, brest, turin] = await Promise.all(
    (['ulm', 'brest', 'turin'] as const).map((name) =>
      files.write(`${name}.csv`, toCsv(measurements(name, COUNTS[name]))),
    ),
  );
  return { ulm: ulm!, brest: await files.writeParquet('brest.parquet', `SELECT * FROM '${brest}'`), turin: turin! };
}

export const sourceFlags = (sources: Readonly<Record<string, string>>): string[] =>
  Object.entries(sources).flatMap(([name, file]) => ['--source', `${name}=${file}`]);

/** The train command with a terminal that listens. */
export async function trainPlants(...args: string[]): Promise<ListeningTerminal> {
  const terminal = createListeningTerminal();
  const given = ['--family', 'radialgan', '--device', 'cpu', ...FAST, ...args];
  await createTrainCommand(terminal).parseAsync(given, { from: 'user' });
  return terminal;
}

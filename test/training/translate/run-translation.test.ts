import { beforeAll, describe, expect, it } from '@jest/globals';
import { createTrainCommand } from '../../../src/training/command.ts';
import { readTrainConfig, type TrainConfig } from '../../../src/training/config.ts';
import { prepareTranslation } from '../../../src/training/translate/run-translation.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { createListeningTerminal } from '../../support/listening-terminal.ts';
import { sourceFlags, writePlants } from '../../support/plant-files.ts';
import { measurements } from '../../support/plants.ts';

const files = useDataFolder();
let sources: Readonly<Record<string, string>>;
beforeAll(async () => {
  sources = await writePlants(files);
});

async function configOf(...args: string[]): Promise<TrainConfig> {
  const command = createTrainCommand(createListeningTerminal());
  command.action(() => undefined);
  const given = ['--family', 'radialgan', '--target', 'ulm', ...sourceFlags(sources), ...args];
  await command.parseAsync(given, { from: 'user' });
  return readTrainConfig(command, {});
}

const WHERE = ['--condition', 'faulty', '--where', 'faulty = 0'];
const normals = measurements('ulm', 60).filter(({ faulty }) => faulty === 0).length;

describe('a critic that has not all normal rows of its target', () => {
  it('is not compared, which a warning says before training', async () => {
    const { config, sources: prepared } = await prepareTranslation(await configOf(...WHERE), normals - 1);
    expect(config.run.compareSources).toBe(false);
    expect(prepared!.warnings.at(-1)).toMatch(/ulm do not all fit in memory: .* are not compared/);
  });

  it('is refused where it was to be trained on translated rows', async () => {
    const config = await configOf(...WHERE, '--augment-training');
    await expect(prepareTranslation(config, normals - 1)).rejects.toThrow(/leave out --augment-training/i);
  });

  it('is nothing to speak of where rows are not compared; with all rows they are', async () => {
    const alone = await configOf(...WHERE, '--no-compare-sources');
    expect((await prepareTranslation(alone, normals - 1)).sources!.warnings.join()).not.toContain('memory');
    const whole = await prepareTranslation(await configOf(...WHERE), normals);
    expect(whole.config.run.compareSources).toBe(true);
  });
});

describe('the hash of the sources, by which a run goes on', () => {
  it('is another one with another condition, though all columns and rows are the same', async () => {
    const hashOf = async (...args: string[]): Promise<string> =>
      (await prepareTranslation(await configOf(...args), 60)).sources!.sha256;
    const plain = await hashOf();
    expect(await hashOf('--condition', 'mode')).not.toBe(plain);
    expect(await hashOf()).toBe(plain);
  });
});

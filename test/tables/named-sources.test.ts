import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { addOptions, givenFlags, resolveSettings } from '../../src/base/settings.ts';
import { SOURCE_SETTINGS } from '../../src/training/translate/source-settings.ts';
import { parseNamedSources, showNamedSources, type NamedSource } from '../../src/tables/named-sources.ts';

/** What the flags of a command line mean. */
async function given(...args: string[]): Promise<readonly string[]> {
  const command = addOptions(new Command(), SOURCE_SETTINGS).action(() => undefined);
  await command.parseAsync(args, { from: 'user' });
  return resolveSettings(SOURCE_SETTINGS, { flags: givenFlags(command), env: {} }).source;
}
const sourcesOf = async (...args: string[]): Promise<NamedSource[]> => parseNamedSources(await given(...args));

describe('--source', () => {
  it('is one source each time, with further files behind commas', async () => {
    expect(await sourcesOf('--source', 'ulm=a.csv', '--source', 'va=b.csv, c.csv')).toEqual([
      { name: 'ulm', data: ['a.csv'] },
      { name: 'va', data: ['b.csv', 'c.csv'] },
    ]);
  });

  it('refuses a second source without a name, which is no file of the first', async () => {
    const refusal = sourcesOf('--source', 'ulm=a.csv', '--source', 'b.csv');
    await expect(refusal).rejects.toThrow('--source b.csv has no name: write --source NAME=b.csv');
    await expect(sourcesOf('--source', 'ulm=a.csv', '--source', '=b.csv')).rejects.toThrow('has no name');
  });

  it('takes no folder of a partition for a name', async () => {
    expect(await sourcesOf('--source', 'ulm=year=2023/a.parquet,year=2024/b.parquet,data/year=2025/c.parquet')).toEqual(
      [{ name: 'ulm', data: ['year=2023/a.parquet', './year=2024/b.parquet', 'data/year=2025/c.parquet'] }],
    );
    await expect(sourcesOf('--source', 'data/year=2024/b.parquet')).rejects.toThrow(
      '--source data/year=2024/b.parquet has no name',
    );
  });

  it('hides passwords of an address without a name, too', async () => {
    const list = await given('--source', 'https://me:secret@host/a.csv');
    expect(showNamedSources(list).join()).not.toContain('secret');
    expect(() => parseNamedSources(list)).toThrow(/^(?!.*secret).*has no name/);
  });
});

import { describe, expect, it } from '@jest/globals';
import { VALUE_FAULT } from '../../src/tables/duckdb-faults.ts';
import { toRowError } from '../../src/tables/fault-row.ts';
import { useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
const oneOf = (column: string) =>
  `CASE WHEN ${column} = 'bad' THEN error('${VALUE_FAULT}${column} is bad') ELSE 1.0 END`;
const expressions = [oneOf('a'), oneOf('b')];
const thrown = new Error(`Invalid Input Error: ${VALUE_FAULT}a is bad`);

async function errorOf(content: string, placeOf: (row: number) => Promise<string>) {
  const table = await files.open({ data: [await files.write('rows.csv', content)] });
  return toRowError({ db: table.database, files: table.files, placeOf }, expressions, thrown);
}

describe('the fault of a value that does not fit', () => {
  it('is that of the first such row, whichever was met first', async () => {
    const error = await errorOf('a,b\nx,x\nx,bad\nbad,x\n', (row) => Promise.resolve(`place ${row}`));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: 'place 2: b is bad' });
  });

  it('is the one that was met, where no such row is found any more or its place is not', async () => {
    const place = () => Promise.reject(new Error('gone'));
    for (const content of ['a,b\nx,x\n', 'a,b\nx,bad\n'])
      expect(await errorOf(content, place)).toMatchObject({ code: 'INVALID_INPUT', message: 'a is bad' });
  });
});

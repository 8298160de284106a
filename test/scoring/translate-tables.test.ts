import { describe, expect, it } from '@jest/globals';
import type { Translation } from '../../src/scoring/open-translation.ts';
import { translateTables } from '../../src/scoring/translate-tables.ts';
import { allRows, useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();

/** A target of whole numbers, its training rows within these ends. */
function targetOf(quantiles: readonly [number, number]): Translation {
  const fields = [{ name: 'count', kind: 'number', missing: false, integer: true }] as const;
  return {
    description: {
      ...{ name: 'counts', version: '1', device: 'cpu', target: 'ulm', carried: [], classes: [[]], sources: [] },
      schema: { fields, excluded: [] },
      trainingColumns: [{ name: 'count', missingShare: 0, quantiles: [...quantiles] }],
    },
    translate: () => Promise.reject(new Error('rows of the target stay as they are')),
    close: () => Promise.resolve(),
  };
}

// The file has the shortest decimal that names a row's float32.
describe('whole numbers of the target', () => {
  it.each([
    [100, '7\n100', 'BIGINT', [7, 100]],
    [2 ** 63, '7\n9223372036854775808', 'DOUBLE', [7, 2 ** 63]],
  ] as const)('up to %d are written as they are', async (largest, values, type, expected) => {
    const data = await files.write('counts.csv', `count\n${values}\n`);
    const out = files.path('out.parquet');
    const sources = [{ name: 'ulm', data: [data] }];
    const options = { sources, out, seed: 1, memory: '1GB', warn: () => undefined, onRows: () => undefined };
    expect(await translateTables(targetOf([0, largest]), options)).toEqual({ ulm: 2 });
    const table = await files.open({ data: [out] });
    expect(table.columns).toMatchObject([{ name: 'count', type }]);
    expect((await allRows(table)).map(({ count }) => Math.fround(Number(count)))).toEqual(expected);
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { openTable } from '../../src/tables/table.ts';
import { useDataFolder } from '../support/data-files.ts';

const files = useDataFolder();
let path = '';

describe('--where', () => {
  beforeAll(async () => {
    path = await files.write('rows.csv', 'amount,kind,label\n1,a,0\n2,b,0\n3,a,1\n');
  });

  it.each([
    ['label = 0', 2],
    ['label = 0 -- a comment', 2],
    ["kind = 'a' AND amount BETWEEN 1 AND 5", 2],
    ['(amount > 1) OR (label = 1)', 2],
    ['amount IN (SELECT 1)', 1],
  ])('keeps rows: %s', async (where, rowCount) => {
    expect(await files.open({ data: [path], where })).toMatchObject({ rowCount });
  });

  it.each([
    ['', /syntax error/],
    ['label =', /syntax error/],
    ['label = 0; DROP TABLE data', /syntax error|more than one|Only SELECT/],
    ['1 = 1); DROP TABLE data; SELECT (1', /Only SELECT|more than one/],
    ['1 = 1) UNION SELECT (1', /more than one condition/],
    ['1 = 1) GROUP BY (amount', /more than one condition/],
    ['1 = 1) ORDER BY (amount', /more than one condition/],
    ['1 = 1) LIMIT (1', /more than one condition/],
    ['1 = 1) QUALIFY (true', /more than one condition/],
    ['1 = 1) --', /syntax error/],
    ['label', /its value is BIGINT.*write a comparison/],
    ['amuont > 1', /no column "amuont"\. Did you mean "amount"/],
    ['kind = a', /no column "a".*single quotes/],
    ['count(*) > 1', /aggregates/i],
    ['label = ?', /./],
  ])('refuses %s', async (where, reason) => {
    const message = expect.stringMatching(reason) as unknown;
    await expect(openTable({ data: [path], where })).rejects.toMatchObject({ code: 'INVALID_INPUT', message });
  });

  it('says so when no row is left', async () => {
    const message = '--where "label = 7" keeps none of the 3 rows: check the condition';
    await expect(openTable({ data: [path], where: 'label = 7' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message,
    });
  });
});

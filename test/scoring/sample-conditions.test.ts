import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import type { RawRecord } from '../../src/models/features/encode.ts';
import { drawColumn } from '../../src/scoring/draw-column.ts';
import { parseCondition } from '../../src/scoring/given-conditions.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { createSampleCommand } from '../../src/scoring/sample-command.ts';
import { conditionSchema } from '../../src/scoring/sample-conditions.ts';
import { SAMPLE_BLOCK_ROWS, type SampleOptions, type Sampler } from '../../src/scoring/sampler.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { useTinyModel } from '../support/train-tiny.ts';

const model = useTinyModel({ condition: ['colour', 'items', 'weight'] });
const files = useDataFolder();
let sampler: Sampler;
beforeAll(async () => {
  sampler = await openSampler(model().folder, { device: 'cpu' });
});
afterAll(() => sampler.close());

async function draw(count: number, options: Partial<SampleOptions> = {}): Promise<RawRecord[]> {
  const records: RawRecord[] = [];
  for await (const rows of sampler.sample(count, { seed: 1, ...options })) records.push(...sampler.decode(rows));
  return records;
}

async function sample(...args: string[]) {
  const terminal = createListeningTerminal();
  const given = ['--device', 'cpu', '--model', model().folder, ...args];
  await createSampleCommand(terminal).parseAsync(given, { from: 'user' });
  return terminal;
}

const shareOf = (records: readonly RawRecord[], test: (record: RawRecord) => boolean): number =>
  records.filter(test).length / records.length;

describe('conditions of a sample', () => {
  it('are named by the description', () => {
    expect(sampler.description.conditions).toEqual(['items', 'weight', 'colour']);
  });

  it('stand in every row as they were given', async () => {
    const records = await draw(600, { condition: { colour: 'green', items: 3, weight: null } });
    expect(records.every(({ colour, items, weight }) => colour === 'green' && items === 3 && weight === null)).toBe(
      true,
    );
  });

  it('are drawn as training rows were spread where none is given', async () => {
    const records = await draw(8000);
    // The training rows' own shares, by the manifest; three standard deviations of 8,000 draws are 0.017 at most.
    const { trainingColumns } = sampler.description;
    const shares = trainingColumns.find(({ name }) => name === 'colour')!.levelShares!;
    for (const level of ['red', 'blue', 'green']) {
      expect(Math.abs(shareOf(records, ({ colour }) => colour === level) - shares[level]!)).toBeLessThan(0.017);
    }
    const { missingShare, quantiles } = trainingColumns.find(({ name }) => name === 'weight')!;
    expect(Math.abs(shareOf(records, ({ weight }) => weight === null) - missingShare)).toBeLessThan(0.017);
    const belowMedian = shareOf(records, ({ weight }) => weight !== null && Number(weight) < quantiles![4]!);
    expect(Math.abs(belowMedian - 0.5 * (1 - missingShare))).toBeLessThan(0.017);
    expect(records.every(({ items }) => Number.isInteger(items))).toBe(true);
  });

  it('come one for each row, whatever the pieces they come in', async () => {
    const colours = Array.from({ length: 2 * SAMPLE_BLOCK_ROWS + 9 }, (_, row) => row % 3);
    const slots = Float32Array.from(colours.flatMap((colour) => [2, 2.5, colour]));
    const inPieces = async function* (size: number) {
      for (let at = 0; at < slots.length; at += 3 * size)
        yield await Promise.resolve(slots.subarray(at, at + 3 * size));
    };
    const once = await draw(colours.length, { conditionRows: inPieces(colours.length), firstRow: 5 });
    const often = await draw(colours.length, { conditionRows: inPieces(7), firstRow: 5 });
    expect(often).toEqual(once);
    expect(once.map(({ colour }) => ['red', 'blue', 'green'].indexOf(String(colour)))).toEqual(colours);
    await expect(draw(colours.length + 1, { conditionRows: inPieces(50) })).rejects.toThrow(
      `there are conditions for ${colours.length} rows, and ${colours.length + 1} rows are asked for`,
    );
  });

  it.each([
    [{ color: 'red' }, 'Did you mean "colour"?'],
    [{ price: 3 }, '"price" is no condition: conditions of "orders" are items, weight, colour'],
    [{ colour: 'rad' }, 'the level "rad", which training never saw. Did you mean "red"?'],
    [{ colour: null }, '"colour" is missing, as it never was in training'],
    [{ items: 2.5 }, '"items" is 2.5: in training it was always whole'],
    [{ weight: Infinity }, 'give a finite number'],
    [{ items: 'many' }, 'cannot be the number "items"'],
  ])('refuse %p', (condition, message) => {
    expect(() => sampler.sample(1, { seed: 1, condition })).toThrow(message);
  });
});

describe('sample --condition', () => {
  it('reads pairs and JSON', () => {
    const own = conditionSchema(sampler.description.schema);
    const wanted = { colour: 'green', items: 3, weight: null };
    expect(parseCondition('colour=green, items=3,weight=', own)).toEqual(wanted);
    expect(parseCondition('{"colour": "green", "items": 3, "weight": null}', own)).toEqual(wanted);
  });

  it('writes rows of these conditions, the others drawn', async () => {
    const out = files.path('green.parquet');
    await sample('--condition', 'colour=green', '--condition', 'items=4', '--count', '300', '--out', out);
    const table = await files.open({ data: [out] });
    expect(await table.query('DISTINCT colour, items FROM data')).toEqual([{ colour: 'green', items: 4n }]);
    expect(await table.query('count(DISTINCT weight) > 100 AS drawn FROM data')).toEqual([{ drawn: true }]);
  });

  it('takes the rows of a file in their order, from the start again where more are asked for', async () => {
    const rows = ['colour,items,weight,note', 'red,1,0.9,a', 'green,6,,b', 'blue,2,2,c'];
    const from = await files.write('conditions.csv', `${rows.join('\n')}\n`);
    const [same, more] = [files.path('same.csv'), files.path('more.parquet')];
    const terminal = await sample('--conditions-from', from, '--out', same, '--json');
    expect(JSON.parse(terminal.out())).toMatchObject({ rows: 3 });
    await sample('--conditions-from', from, '--count', '1000', '--out', more);
    const colours = 'list(colour) AS colours, list(items) AS items, list(weight) AS weights FROM data';
    const [three] = await (await files.open({ data: [same] })).query(colours);
    expect(three).toEqual({ colours: ['red', 'green', 'blue'], items: [1n, 6n, 2n], weights: [0.9, null, 2] });
    const [all] = await (await files.open({ data: [more] })).query(colours);
    expect((all!['colours'] as string[]).slice(997)).toEqual(['green', 'blue', 'red']);
  });

  it.each([
    [['--condition', 'colour'], '"colour" is no pair of name and value'],
    [['--condition', 'items=many'], 'items=many is no number'],
    [['--condition', '{"colour": '], 'is no JSON object'],
    [['--condition', 'colour=black'], 'the level "black", which training never saw'],
    [['--condition', 'colour=red', '--conditions-from', 'a.csv'], 'exclude each other'],
    [['--conditions-from', 'absent.csv'], 'absent.csv'],
  ])('refuses %j', async (args, message) => {
    const terminal = await sample(...args, '--out', files.path('refused.csv'));
    expect(terminal.exitCode()).toBe(1);
    expect(terminal.err()).toContain(message);
  });

  it('refuses a file with a level that training never saw, naming the row, and leaves its own data alone', async () => {
    const from = await files.write('odd.csv', 'colour,items,weight\nred,1,1\nblack,1,1\n');
    const odd = await sample('--conditions-from', from, '--out', files.path('refused.csv'));
    expect(odd.err()).toContain('the condition "colour" in row 2 has a level that training never saw');
    const itself = await sample('--conditions-from', from, '--out', from);
    expect(itself.err()).toContain('is the data itself');
  });
});

describe('a field drawn by the manifest', () => {
  const stream = createRandom(1).stream('test');

  it('is a time at any second of the week where nothing is known of it', () => {
    const times = drawColumn({ kind: 'timestamp', name: 't', missing: false }, undefined, stream)(0, 5000);
    const days = new Set(times.map(([, day]) => day));
    expect([...days].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const mornings = times.filter(([second]) => second! < 43_200).length / times.length;
    expect(Math.abs(mornings - 0.5)).toBeLessThan(0.03);
  });

  it('is a flag by its share', () => {
    const training = { name: 'f', missingShare: 0.2, levelShares: { false: 0.6, true: 0.2 } };
    const flags = drawColumn({ kind: 'boolean', name: 'f', missing: true }, training, stream)(0, 5000).map(([f]) => f!);
    const share = (is: (flag: number) => boolean): number => flags.filter(is).length / flags.length;
    expect(Math.abs(share((flag) => flag === 1) - 0.2)).toBeLessThan(0.03);
    expect(Math.abs(share(Number.isNaN) - 0.2)).toBeLessThan(0.03);
  });
});

describe('a model without conditions', () => {
  const plain = useTinyModel();

  it('refuses them', async () => {
    const args = ['--model', plain().folder, '--out', files.path('plain.csv')];
    const named = await sample(...args, '--condition', 'colour=red');
    expect(named.err()).toContain('"orders" was trained without conditions (train --condition)');
    const file = await sample(...args, '--conditions-from', 'a.csv');
    expect(file.err()).toContain('trained without conditions');
  });
});

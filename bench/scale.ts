import { parseArgs } from 'node:util';
import { configHash } from './quality/measure-set.ts';
import { writeQualityPage } from './quality/page.ts';
import { measureSize, measureSizeApart, sizeSchema, type SizeMeasurement } from './scale/measure-size.ts';
import type { Sweep } from './scale/page.ts';
import { cached } from './support/cached.ts';
import { benchConfig } from './support/detector.ts';
import { percent, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:scale [-- OPTIONS]

Time, memory and quality as rows (10 columns) and columns (5,000 rows) grow; each size in a process of its own.

  --most-rows N      leave out sizes with more rows
  --most-columns N   leave out sizes with more columns
  --fresh            measure again what is in .cache/bench
  --write            write docs/quality/scale.json, and its part of docs/quality.md
  --json             the result as JSON on standard output`;

const ROWS = [100, 1000, 10_000, 100_000, 1_000_000];
const COLUMNS = [3, 10, 30, 100, 300, 1000, 1500];
const [FIXED_ROWS, FIXED_COLUMNS] = [5000, 10];

async function measure(rows: number, columns: number, fresh: boolean): Promise<SizeMeasurement> {
  const key = `scale-${configHash(benchConfig())}/${rows}x${columns}`;
  const options = { key, schema: sizeSchema, fresh };
  const { value } = await cached(options, () => Promise.resolve(measureSizeApart(rows, columns)));
  const figures = `AUROC ${percent(value.auroc)}, ${value.trainSeconds.toFixed(1)} s, ${value.peakMebibytes.toFixed(0)} MiB`;
  console.error(`${rows} rows, ${columns} columns: ${figures}`);
  return value;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ fresh: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
      ...{ 'most-rows': { type: 'string', default: '1000000' }, 'most-columns': { type: 'string', default: '1500' } },
      one: { type: 'string' },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.one !== undefined) {
    const [rows = 0, columns = 0] = values.one.split('x').map(Number);
    console.log(JSON.stringify(await measureSize(rows, columns)));
    return;
  }
  const byRows: SizeMeasurement[] = [];
  for (const rows of ROWS.filter((count) => count <= Number(values['most-rows']))) {
    byRows.push(await measure(rows, FIXED_COLUMNS, values.fresh));
  }
  const byColumns: SizeMeasurement[] = [];
  for (const columns of COLUMNS.filter((count) => count <= Number(values['most-columns']))) {
    byColumns.push(await measure(FIXED_ROWS, columns, values.fresh));
  }
  const sweeps: Sweep[] = [
    { name: 'rows', sizes: byRows },
    { name: 'columns', sizes: byColumns },
  ];
  if (values.write) {
    await writeDocument('quality/scale.json', JSON.stringify(sweeps));
    await writeQualityPage();
  }
  if (values.json) console.log(JSON.stringify(sweeps));
}

await main();

// Writes values.schema.json and README.md of the chart, made of values.yaml and of the settings of `serve` and `train`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART, makeChartFiles } from './chart/files.ts';

for (const [name, text] of Object.entries(await makeChartFiles())) writeFileSync(join(CHART, name), text);

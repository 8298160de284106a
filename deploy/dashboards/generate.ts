/** Writes the dashboards as JSON into the chart: `npm run dashboards` */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildDashboards } from './index.ts';

const FOLDER = join(import.meta.dirname, '../helm/aristarch/files/dashboards');

await mkdir(FOLDER, { recursive: true });
for (const [file, text] of Object.entries(buildDashboards())) await writeFile(join(FOLDER, file), text);

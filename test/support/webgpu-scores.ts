/** Scores made-up rows by the models of folders, on the CPU and on WebGPU, and many calls at once on WebGPU; prints both as JSON. */
import { createRandom } from '../../src/base/philox.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';

const ROWS = 50;

const folders = process.argv.slice(2);
const said: string[] = [];
const open = (folder: string, device: 'cpu' | 'webgpu') =>
  openDetector(folder, { device, warn: (text) => said.push(text) });

async function score(folder: string) {
  const [cpu, webgpu] = [await open(folder, 'cpu'), await open(folder, 'webgpu')];
  const { rowWidth, schema, device } = webgpu.description;
  const rows = new Float32Array(ROWS * rowWidth);
  createRandom(5).stream('rows').fillNormal(rows, 0);
  // Pixels are whole numbers from 0 to 255.
  const known = schema.image ? rows.map((x) => Math.round(128 + 40 * Math.max(-3, Math.min(3, x)))) : rows;
  const expected = [...(await cpu.score(known)).scores];
  await cpu.close();
  return { detector: webgpu, rows: known, device, expected, scores: [...(await webgpu.score(known)).scores] };
}

const models = await Promise.all(folders.map(score));
// All models at once, several times each: the device takes them one by one.
const together = await Promise.all(
  Array.from({ length: 4 }, () => models)
    .flat()
    .map(async ({ detector, rows, scores }) => {
      const again = (await detector.score(rows)).scores;
      return scores.every((value, row) => value === again[row]);
    }),
);
for (const { detector } of models) await detector.close();
const results = models.map(({ device, expected, scores }) => ({ device, expected, scores }));
console.log(JSON.stringify({ models: results, said, together }));

import { availableParallelism, cpus, tmpdir } from 'node:os';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/base/files.ts';
import { drawGrid } from '../src/models/images/grid.ts';
import type { PlanarImage } from '../src/models/images/planar-image.ts';
import { decodeStylizer } from '../src/models/stylize/stylizer-file.ts';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { createStylizer, type Stylizer, type StylizeOptions } from '../src/scoring/stylize/open-stylizer.ts';
import { DOCS, writeDocument } from './support/documents.ts';
import { measurePairs, type MeasuredRow, type Pair } from './stylize/measure.ts';
import { stylizePage, TRAINED } from './stylize/page.ts';
import { drawPatterns, drawScenes, PATTERN_KINDS, type PatternKind } from './stylize/pictures.ts';
import { settingsOf, trainBench, untrainedOf, writePictures, type TrainingSets } from './stylize/train.ts';

const HELP = `npm run bench:stylize [-- --steps 400] [--stylizer-steps 1500] [--write] [--json]

Trains a critic and the decoder behind it on pictures that are drawn here, and stylizes others: content and style loss beside those of the
untrained decoder and of Gatys' optimisation, and seconds. --write renews docs/stylize.md and its pictures. Four minutes of one core.`;

/** Kinds of pattern that training never sees. */
const UNSEEN: readonly PatternKind[] = ['bricks', 'hatching'];
const SETS: TrainingSets = {
  ...{ size: 64, scenes: 400, patternsOfKind: 60 },
  kinds: PATTERN_KINDS.filter((kind) => !UNSEEN.includes(kind)),
};
/** Of the pictures that are stylized and that give styles, the first: training has those before it. */
const FROM = 1000;
const CONTENTS = 3;
/** What the pages show of them: pictures of noise are large files. */
const SHOWN = {
  kinds: ['stripes', 'checks', 'rings', 'clouds', 'bricks', 'hatching'],
  ways: ['checks', 'clouds'],
} as const satisfies Record<string, readonly PatternKind[]>;
const ADAIN: StylizeOptions = { method: { kind: 'adain', alpha: 1 }, matchColours: 'none' };
const gatys = (steps: number): StylizeOptions => ({
  ...{ method: { kind: 'gatys', steps, styleWeight: 100, learningRate: 0.05 }, matchColours: 'none' },
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ steps: { type: 'string', default: '400' }, 'stylizer-steps': { type: 'string', default: '1500' } },
      ...{ write: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-bench-stylize-'));
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  try {
    await writePictures(folder, SETS);
    const more = { steps: Number(values.steps), stylizerSteps: Number(values['stylizer-steps']) };
    const settings = settingsOf(folder, SETS, more);
    const took = await trainBench(settings);
    const trained = decodeStylizer(await readFile(join(folder, 'model', 'stylizer.bin')));
    const open = (networks: typeof trained): Stylizer =>
      createStylizer(networks, executor, { name: 'bench', version: '', device: executor.device });
    const stylizer = open(trained);
    const rows = await measure(stylizer, open(await untrainedOf(trained, settings)));
    const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
    const measured = { machine, sets: SETS, contents: CONTENTS, unseen: UNSEEN, ...more, ...took, rows };
    if (values.write) {
      await writeDocument('stylize.md', stylizePage(measured));
      await drawGallery(stylizer);
    }
    console.log(values.json ? JSON.stringify(measured, null, 2) : stylizePage(measured));
  } finally {
    await executor.close();
    await rm(folder, { recursive: true, force: true });
  }
}

const contents = Array.from({ length: CONTENTS }, (_, at) =>
  drawScenes({ size: SETS.size, count: 1, from: FROM + at }),
);
const styleOf = (kind: PatternKind): Float32Array => drawPatterns(kind, { size: SETS.size, count: 1, from: FROM });
const pairsOf = (kinds: readonly PatternKind[]): Pair[] =>
  contents.flatMap((content) =>
    kinds.map((kind) => ({ content: toPicture(content), style: toPicture(styleOf(kind)) })),
  );

/** Means over all pairs of contents and kinds of pattern. */
async function measure(stylizer: Stylizer, untrained: Stylizer): Promise<MeasuredRow[]> {
  const [known, all] = [pairsOf(SETS.kinds), pairsOf(PATTERN_KINDS)];
  const trained = await measurePairs(TRAINED, stylizer, all, ADAIN);
  const others = [
    await measurePairs('... on new patterns of kinds that it was trained on', stylizer, known, ADAIN),
    await measurePairs('... on kinds that it never saw', stylizer, pairsOf(UNSEEN), ADAIN),
    await measurePairs("Gatys' optimisation, 300 steps", stylizer, all, gatys(300)),
  ];
  return [
    { title: 'the content as it is', losses: trained.before, seconds: 0 },
    (await measurePairs('untrained decoder', untrained, all, ADAIN)).made,
    ...[trained, ...others].map(({ made }) => made),
  ];
}

/** docs/images/stylize-*.png: contents by styles, and ways to mix the two. */
async function drawGallery(stylizer: Stylizer): Promise<void> {
  const blank = new Float32Array(3 * SETS.size ** 2).fill(255);
  const made = async (content: Float32Array, style: Float32Array, options: StylizeOptions): Promise<Float32Array> =>
    toRow((await stylizer.stylize(toPicture(content), toPicture(style), options)).image);
  const styles = SHOWN.kinds.map(styleOf);
  const table = [blank, ...styles];
  for (const content of contents) {
    table.push(content);
    for (const style of styles) table.push(await made(content, style, ADAIN));
  }
  await draw('stylize-gallery', table, styles.length + 1);
  const ways: Float32Array[] = [];
  for (const [at, kind] of SHOWN.ways.entries()) {
    const [content, style] = [contents[at]!, styleOf(kind)];
    ways.push(content, style);
    for (const alpha of [0, 0.5, 1])
      ways.push(await made(content, style, { ...ADAIN, method: { kind: 'adain', alpha } }));
    for (const matchColours of ['histogram', 'covariance'] as const) {
      ways.push(await made(content, style, { ...ADAIN, matchColours }));
    }
    ways.push(await made(content, style, gatys(300)));
  }
  await draw('stylize-ways', ways, 8);
}

async function draw(name: string, rows: readonly Float32Array[], columns: number): Promise<void> {
  const all = new Float32Array(rows.length * rows[0]!.length);
  rows.forEach((row, at) => all.set(row, at * row.length));
  await writeFileAtomic(join(DOCS, `images/${name}.png`), drawGrid(all, { channels: 3, size: SETS.size }, { columns }));
}

/** As a PNG file would have it. */
const toPicture = (row: Float32Array) => ({
  ...{ width: SETS.size, height: SETS.size },
  rgb: Float32Array.from(row, (_, at) => Math.round(row[(at % 3) * SETS.size ** 2 + Math.floor(at / 3)]!)),
});

function toRow({ planes }: PlanarImage): Float32Array {
  const row = new Float32Array(planes.length * planes[0]!.length);
  planes.forEach((plane, at) => row.set(plane, at * plane.length));
  return row;
}

await main();

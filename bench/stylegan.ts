import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeFileAtomic } from '../src/base/files.ts';
import { openExecutor } from '../src/runtime/open-executor.ts';
import type { Executor } from '../src/runtime/executor.ts';
import { measureDetection } from './stylegan/detection.ts';
import { GROWN, growthSchema, measureGrowth } from './stylegan/growth.ts';
import { drawHeatMaps, EXPLAINED } from './stylegan/heat-maps.ts';
import { LONG, measureMemory } from './stylegan/memory.ts';
import { takeOneStep } from './stylegan/one-step.ts';
import { stylePage } from './stylegan/page.ts';
import { drawPictures, measureQuality } from './stylegan/quality.ts';
import { detectionSchema, qualityRunSchema, RESULT_FILE, withKept, type StyleResult } from './stylegan/result.ts';
import { drawStyles, STYLED, stylesSchema, trainStyles } from './stylegan/styles.ts';
import { keyOf } from './stylegan/train.ts';
import { cached } from './support/cached.ts';
import { DOCS, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:stylegan [-- --only PART,PART] [--size 32] [--phase-images N] [--last-images N] [--minutes 120]
  [--detect 8] [--detect-images N] [--one-step 1024] [--fresh] [--write] [--json]

Parts, all of them but memory unless some are named, each kept where it is not measured again:
  quality    trains a StyleGAN on seven tenths of the digits of MNIST (../shared/data/mnist) and measures its images beside the others, in the features of
             a small classifier that is trained here: distance of Fréchet, precision, recall, density, coverage, by images seen; and a DCGAN
             that has as much of the CPU
  detection  trains one on one digit, and measures its own critic and the detecting critic as detectors of the others
  growth     grows one from 8 x 8 to 64 x 64 pixels on images that are drawn here
  styles     trains one that is told which digit to make, from 4 x 4 to 32 x 32 pixels, and draws what it makes at each size, by truncation, by label, and
             with the middle styles of others
  memory     trains one in many phases, and says how much memory the process had after each; alone
  heat-maps  trains the detecting critic on one digit, and draws changed images, their nearest normal ones and heat maps
  one-step   takes one step of training at a size, on colour noise, two images a batch: how long, and with how much memory; best alone
--minutes bounds the minutes of CPU that this process trains the StyleGAN of a part for. What was trained before is kept in .cache/bench, so that a
run that was cut goes on. --write renews docs/stylegan.json, docs/stylegan.md and its pictures.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  only: { type: 'string', default: 'quality,detection,growth,styles,heat-maps,one-step' },
  size: { type: 'string', default: '32' },
  'phase-images': { type: 'string', default: '10000' },
  'last-images': { type: 'string', default: '80000' },
  minutes: { type: 'string', default: '120' },
  'one-step': { type: 'string', default: '1024' },
  detect: { type: 'string', default: '8' },
  'detect-images': { type: 'string', default: '4000' },
} as const;
const readFlags = () => parseArgs({ options: OPTIONS }).values;

interface PartOptions {
  readonly executor: Executor;
  readonly flags: ReturnType<typeof readFlags>;
  /** Where it is measured, and by which flags. */
  readonly measured: { readonly machine: string; readonly flags: string };
}

const settingsOf = (size: number, phaseImages: number) => ({
  ...{ imageSize: size, phaseImages, lastParts: 8 },
  ...{ steps: 200, withoutNegatives: ['rot'], calibrationShare: 0.05, seed: 1 },
});

/** Each measures one part of the page, and draws its pictures where it is asked to write. */
const PARTS: Readonly<Record<string, (options: PartOptions) => Promise<Partial<StyleResult>>>> = {
  quality: async ({ executor, flags, measured }) => {
    const size = Number(flags.size);
    const settings = { ...settingsOf(size, Number(flags['phase-images'])), lastImages: Number(flags['last-images']) };
    const timeBudget = 60 * Number(flags.minutes);
    const kept = { key: keyOf('quality', settings), schema: qualityRunSchema, fresh: flags.fresh };
    const { value } = await cached(kept, () => measureQuality({ executor, size, settings, timeBudget }));
    const { model, ...quality } = value;
    if (flags.write) await drawPictures(model);
    return { quality: { ...measured, size, settings, ...quality } };
  },
  detection: async ({ executor, flags, measured }) => {
    const size = Number(flags.size);
    const own = { lastImages: Number(flags['detect-images']), steps: 1000, crossBelow: 0 };
    const settings = { ...settingsOf(size, 2000), ...own };
    const given = { executor, size, settings, timeBudget: 60 * Number(flags.minutes), digit: Number(flags.detect) };
    const kept = { key: keyOf(`detect-${flags.detect}`, settings), schema: detectionSchema, fresh: flags.fresh };
    const { value } = await cached(kept, () => measureDetection(given));
    return { detection: { ...measured, size, settings, ...value } };
  },
  growth: async ({ flags, measured }) => {
    const kept = { key: keyOf('growth', GROWN), schema: growthSchema, fresh: flags.fresh };
    const { value } = await cached(kept, () => measureGrowth(flags.fresh));
    const { picture, ...growth } = value;
    if (flags.write) await writeFileAtomic(resolve(DOCS, 'images/stylegan-growth.png'), Buffer.from(picture, 'base64'));
    return { growth: { ...measured, settings: GROWN, ...growth } };
  },
  styles: async ({ flags, measured }) => {
    const kept = { key: keyOf('styles', STYLED), schema: stylesSchema, fresh: flags.fresh };
    const { value } = await cached(kept, () => trainStyles({ timeBudget: 60 * Number(flags.minutes) }));
    if (flags.write) await drawStyles(value);
    const { seen, seconds } = value;
    return { styles: { ...measured, settings: STYLED, seen, seconds } };
  },
  memory: async ({ measured }) => ({ memory: { ...measured, settings: LONG, ...(await measureMemory()) } }),
  'heat-maps': async ({ executor, flags, measured }) => {
    const { picture, ...found } = await drawHeatMaps(executor);
    if (flags.write)
      await writeFileAtomic(resolve(DOCS, 'images/stylegan-heat-maps.png'), Buffer.from(picture, 'base64'));
    return { heatMaps: { ...measured, ...EXPLAINED, ...found } };
  },
  'one-step': async ({ executor, flags, measured }) => ({
    oneStep: { ...measured, ...(await takeOneStep(executor, Number(flags['one-step']), 2)) },
  }),
};

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const parts = flags.only.split(',').map((name) => {
    const part = PARTS[name];
    if (part !== undefined) return part;
    throw new Error(`--only names "${name}", which is no part: give some of ${Object.keys(PARTS).join(', ')}`);
  });
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const measured = { machine, flags: process.argv.slice(2).join(' ') };
  const found: Partial<StyleResult>[] = [];
  for (const part of parts) found.push(await part({ executor, flags, measured }));
  await executor.close();
  const now = Object.assign({}, ...found) as Partial<StyleResult>;
  const result = await withKept(now);
  if (flags.write) {
    await writeDocument(RESULT_FILE, JSON.stringify(result));
    await writeDocument('stylegan.md', stylePage(result));
  }
  console.log(flags.json ? JSON.stringify(now, null, 2) : stylePage(result));
}

await main();

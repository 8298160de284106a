import { createHash } from 'node:crypto';
import { availableParallelism, cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { rankingMetrics } from '../src/scoring/ranking-metrics.ts';
import { createRandom } from '../src/base/philox.ts';
import { openExecutor } from '../src/runtime/open-executor.ts';
import { openDetector } from '../src/scoring/open-detector.ts';
import { openSampler } from '../src/scoring/open-sampler.ts';
import { writeImages } from '../src/scoring/sample-images.ts';
import { scoreByGraph } from '../src/training/images/fit-images.ts';
import { startOf } from '../src/training/steps/run-task.ts';
import { runDcgan } from './stylegan/dcgan.ts';
import { trainClassifier } from './stylegan/classifier.ts';
import { generateImages, qualityOf } from './stylegan/measure.ts';
import { takeOneStep } from './stylegan/one-step.ts';
import { detectionSchema, qualityRunSchema, stylePage, type Detection, type QualityRun } from './stylegan/page.ts';
import { DIGITS, readDigits, type Digits } from './stylegan/sets.ts';
import { trainStyleGan } from './stylegan/train.ts';
import { cached } from './support/cached.ts';
import { DOCS, writeDocument } from './support/documents.ts';

const HELP = `npm run bench:stylegan [-- --size 32] [--phase-images N] [--last-images N] [--minutes 120] [--detect 8|none] [--detect-images N] [--fresh] [--write] [--json]
npm run bench:stylegan -- --one-step 1024

Trains a StyleGAN on seven tenths of the digits of MNIST (../shared/data/mnist) and measures its images beside the others, in the features of a
small classifier that is trained here: distance of Fréchet, precision, recall, density, coverage, by images seen; and a DCGAN that has as much of
the CPU. Then trains one on one digit, and measures its own critic and the detecting critic as detectors of the others. --minutes bounds the
minutes of CPU that this process trains the StyleGAN for. What was trained before is kept in .cache/bench, so that a run
that was cut goes on. --write renews docs/stylegan.md and its pictures. --one-step takes one step of training at a size, on colour noise, two images a batch, and says
how long it took and with how much memory.`;

/** Images of a kind that are compared. */
const COMPARED = 1500;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
      ...{ fresh: { type: 'boolean', default: false }, 'one-step': { type: 'string' } },
      ...{ write: { type: 'boolean', default: false }, size: { type: 'string', default: '32' } },
      'phase-images': { type: 'string', default: '10000' },
      'last-images': { type: 'string', default: '80000' },
      minutes: { type: 'string', default: '120' },
      ...{ detect: { type: 'string', default: '8' }, 'detect-images': { type: 'string', default: '4000' } },
    },
  });
  if (values['one-step'] !== undefined) {
    const alone = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
    console.log(JSON.stringify(await takeOneStep(alone, Number(values['one-step']), 2), null, 2));
    await alone.close();
    return;
  }
  if (values.help) {
    console.log(HELP);
    return;
  }
  const size = Number(values.size);
  const settings = {
    ...{ imageSize: size, phaseImages: Number(values['phase-images']), lastParts: 8 },
    ...{ steps: 200, withoutNegatives: ['rot'], calibrationShare: 0.05, seed: 1 },
  };
  const timeBudget = 60 * Number(values.minutes);
  const executor = await openExecutor({ device: 'cpu', threads: 1, warn: console.error });
  const fresh = values.fresh;
  const ofAll = { ...settings, lastImages: Number(values['last-images']) };
  const { value: quality } = await cached({ key: keyOf('quality', ofAll), schema: qualityRunSchema, fresh }, () =>
    measureQuality({ executor, size, settings: ofAll, timeBudget }),
  );
  const ofOne = {
    ...{ ...settings, phaseImages: 2000, lastImages: Number(values['detect-images']), steps: 1000, crossBelow: 0 },
  };
  const detection =
    values.detect === 'none'
      ? null
      : await cached({ key: keyOf(`detect-${values.detect}`, ofOne), schema: detectionSchema, fresh }, () =>
          measureDetection({ executor, size, settings: ofOne, timeBudget, digit: Number(values.detect) }),
        ).then(({ value }) => value);
  await executor.close();
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}`;
  const page = stylePage({
    machine,
    flags: process.argv.slice(2).join(' '),
    size,
    settings: ofAll,
    ...quality,
    detection,
  });
  if (values.write) {
    await writeDocument('stylegan.md', page);
    await drawPictures(quality.model);
  }
  console.log(values.json ? JSON.stringify({ machine, ...quality, detection }, null, 2) : page);
}

/** Results are kept by what they depend on. */
const keyOf = (name: string, settings: object): string =>
  `stylegan/${name}-${createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 12)}`;

interface BenchOptions {
  readonly executor: Awaited<ReturnType<typeof openExecutor>>;
  readonly size: number;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Seconds of CPU that this process may train for. */
  readonly timeBudget: number;
}

/** The digits that networks are trained on; no image of a table is among them. */
const IS_TRAINED = 'hash(image) % 10 < 7';

/** Digits that no network has seen: those that images are compared with, and the others. */
async function readUnseen(size: number): Promise<{ readonly real: Digits; readonly others: Digits }> {
  const { rows, classes } = await readDigits(size, `NOT (${IS_TRAINED})`);
  const order = createRandom(3).stream('order').permutation(classes.length);
  const pick = (from: number, to: number): Digits => {
    const chosen = [...order.subarray(from, to)];
    const picked = new Float32Array(chosen.length * size ** 2);
    chosen.forEach((row, index) =>
      picked.set(rows.subarray(row * size ** 2, (row + 1) * size ** 2), index * size ** 2),
    );
    return { rows: picked, classes: chosen.map((row) => classes[row]!) };
  };
  return { real: pick(0, COMPARED), others: pick(COMPARED, classes.length) };
}

async function measureQuality({ executor, size, settings, timeBudget }: BenchOptions): Promise<QualityRun> {
  const image = { channels: 1, size } as const;
  const { real, others } = await readUnseen(size);
  const trained = await readDigits(size, IS_TRAINED);
  const classifier = await trainClassifier(executor, image, trained, 10);
  const found = (await classifier.look(real.rows)).classes;
  const accuracy = found.reduce((total, digit, at) => total + (digit === real.classes[at] ? 1 : 0), 0) / found.length;
  const rows: QualityRun['rows'] = [
    { title: 'other real images', ...(await qualityOf(classifier, real.rows, others.rows)) },
  ];
  let seen = 0;
  const measure = async (title: string, images: Float32Array): Promise<void> => {
    rows.push({ title, ...(await qualityOf(classifier, real.rows, images)) });
  };
  const { model, seconds } = await trainStyleGan({
    ...{ name: keyOf(`digits-${size}`, settings).replace('/', '-'), data: DIGITS, where: IS_TRAINED },
    settings: { ...settings, timeBudget },
    onPhase: async ({ phase, task, progress }, plan) => {
      if (seen === 0) {
        const last = plan.phases.at(-1)!;
        // Of the networks as they are drawn there are no averages yet: the weights stand for them.
        const { state } = startOf(plan.taskOf(last, 1), createRandom(1));
        const averages = Object.entries(state).map(([name, values]) => [`${name}.average`, values] as const);
        const graph = plan.generatorGraph(size, { ...Object.fromEntries(averages), ...withoutAverages(state) });
        await measure('untrained generator', await generateImages(executor, graph, COMPARED, 1));
      }
      seen += Math.round((phase.images * progress.stepsDone) / task.steps);
      const isLast = phase === plan.phases.at(-1);
      if (phase.size < size || (!isLast && progress.stepsDone < task.steps / 2)) return;
      const graph = plan.generatorGraph(size, progress.state);
      await measure(`after ${seen} images (${phase.name})`, await generateImages(executor, graph, COMPARED, 1));
      if (!isLast) return;
      await measure('the last one, truncation 0.7', await generateImages(executor, graph, COMPARED, 0.7));
    },
  });
  const dcgan = await runDcgan(executor, image, trained.rows, { seconds, count: COMPARED });
  await measure(`DCGAN after ${dcgan.seen} images, ${Math.round(dcgan.seconds)} s of CPU`, dcgan.images);
  await classifier.close();
  return { rows, accuracy, model, seen, seconds };
}

const withoutAverages = (state: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !name.endsWith('.average')));

async function measureDetection({
  executor,
  size,
  settings,
  timeBudget,
  digit,
}: BenchOptions & { digit: number }): Promise<Detection> {
  const isTrained = `digit = ${digit} AND hash(image) % 2 = 0`;
  const tested = await readDigits(size, `NOT (${isTrained}) AND (digit = ${digit} OR hash(image) % 4 = 0)`);
  const anomalous = Uint8Array.from(tested.classes, (each) => (each === digit ? 0 : 1));
  let ownAuroc = NaN;
  const { model } = await trainStyleGan({
    ...{ name: `digit-${digit}-${size}`, data: DIGITS, where: isTrained, settings: { ...settings, timeBudget } },
    onPhase: async ({ phase, progress }, plan) => {
      if (phase !== plan.phases.at(-1)) return;
      const graph = plan.scoringGraph(size, progress.state);
      const scores = await scoreByGraph(executor, { channels: 1, size }, graph, tested.rows);
      ownAuroc = rankingMetrics(scores, anomalous).auroc;
    },
  });
  const detector = await openDetector(model, { device: 'cpu' });
  const { scores } = await detector.score(tested.rows);
  await detector.close();
  const { auroc } = rankingMetrics(scores, anomalous);
  return { digit, tested: tested.classes.length, ownAuroc, auroc };
}

/** docs/images/stylegan-*.png: a grid, mixed styles, and ways between two styles. */
async function drawPictures(model: string): Promise<void> {
  const sampler = await openSampler(model, { device: 'cpu' });
  const draw = (name: string, choice: object) =>
    writeImages(sampler, {
      ...{
        out: resolve(DOCS, `images/stylegan-${name}.png`),
        seed: 1,
        count: undefined,
        mix: undefined,
        interpolate: false,
      },
      ...{ memoryLimit: '1GB', onImages: () => undefined, ...choice },
    });
  await draw('grid', { count: 64 });
  await draw('mix-coarse', { mix: 'coarse' });
  await draw('mix-fine', { mix: 'fine' });
  await draw('ways', { interpolate: true });
  await sampler.close();
}

await main();

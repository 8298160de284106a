import { resolve } from 'node:path';
import { createRandom } from '../../src/base/philox.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import { writeImages } from '../../src/scoring/sample-images.ts';
import { startOf } from '../../src/training/steps/run-task.ts';
import { DOCS } from '../support/documents.ts';
import { trainClassifier } from './classifier.ts';
import { runDcgan } from './dcgan.ts';
import { generateImages, qualityOf } from './measure.ts';
import type { QualityRun } from './result.ts';
import { DIGITS, readDigits, type Digits } from './sets.ts';
import { keyOf, trainStyleGan, type BenchOptions } from './train.ts';

/** Images of a kind that are compared. */
const COMPARED = 1500;

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

/** A StyleGAN of all digits beside real ones, an untrained one and a DCGAN. */
export async function measureQuality({ executor, size, settings, timeBudget }: BenchOptions): Promise<QualityRun> {
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
  const name = keyOf(`dcgan-${size}`, { seed: 1 }).replace('/', '-');
  const dcgan = await runDcgan(executor, image, trained.rows, { seconds, count: COMPARED, name });
  await measure(`DCGAN after ${dcgan.seen} images, ${Math.round(dcgan.seconds)} s of CPU`, dcgan.images);
  await classifier.close();
  return { rows, accuracy, model, seen, seconds };
}

const withoutAverages = (state: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(state).filter(([name]) => !name.endsWith('.average')));

/** docs/images/stylegan-*.png: a grid, mixed styles, and ways between two styles. */
export async function drawPictures(model: string): Promise<void> {
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

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { StyleGanOptions } from '../../src/models/stylegan/game.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import type { NamedArrays, NumberArray } from '../../src/runtime/executor.ts';
import { TRAINING_ROWS } from '../../src/models/critics/critic-plan.ts';

const numberList = z.array(z.number());

/** What test/golden/make_stylegan.py writes. */
const schema = z.strictObject({
  madeBy: z.string(),
  ...{ latent: z.number(), mappingLayers: z.number(), count: z.number(), batch: z.number(), steps: z.number() },
  learningRate: z.number(),
  cases: z.array(
    z.strictObject({
      case: z.strictObject({
        ...{ size: z.number(), fading: z.boolean(), colours: z.number() },
        objective: z.enum(['non-saturating', 'wasserstein']),
        regulariser: z.enum(['r1', 'gradient-penalty']),
        ...{ weight: z.number(), interval: z.number(), mixing: z.number(), average: z.number() },
        drift: z.number().optional(),
        labels: z.number().optional(),
      }),
      losses: z.record(z.string(), numberList),
      ...{ meanStyle: numberList, images: numberList },
    }),
  ),
});
export type GoldenStyleGan = z.infer<typeof schema>;
export type StyleGanCase = GoldenStyleGan['cases'][number];

export const readGoldenStyleGan = (): GoldenStyleGan =>
  schema.parse(JSON.parse(readFileSync(new URL('../golden/stylegan.json', import.meta.url), 'utf8')));

/** The game of a case; its variables are named `golden.critic.4.weight`, and so on. */
export function optionsOf(golden: GoldenStyleGan, { case: each }: StyleGanCase): StyleGanOptions {
  const { latent, mappingLayers, batch, learningRate } = golden;
  const { objective, regulariser: kind, weight, interval, mixing, average, colours, drift = 0, labels = 0 } = each;
  const optimiser = { kind: 'adam', beta1: 0, beta2: 0.99, epsilon: 1e-8, learningRate: () => learningRate } as const;
  return {
    ...{ name: 'golden', title: 'golden', remedy: '', colours, labels, latent, mappingLayers, mixing, batch },
    augmentations: [],
    channels: { base: 24, most: 5 },
    rules: {
      ...{ objective, drift, criticSteps: 1, order: 'alternating', generatorAverage: average },
      regulariser: { kind, weight, interval },
      ...{ criticOptimiser: optimiser, generatorOptimiser: optimiser },
    },
  };
}

/** 0 .. 2002 by a name and a place, as `whole` in make_stylegan.py has it. */
function whole(name: string, index: number): number {
  let seed = 0;
  for (const character of name) seed = (seed * 31 + character.charCodeAt(0)) % 2003;
  return (seed + index * index * 37 + index * 1009 + 7 * seed * index) % 2003;
}

/** The numbers of a name, as `numbers` in make_stylegan.py has them. */
export function numbersOf(name: string, shape: readonly number[], scale = 1): NumberArray {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, data: Float32Array.from({ length: size }, (_, at) => scale * (whole(name, at) / 500 - 2)) };
}

const PREFIX = 'golden.';
/** What the optimiser remembers, averages, and what layers keep start at zero. */
const isLearnt = (name: string): boolean => !/\.(m|v|average|meanStyle|usual)$/.test(name);

export function initialFeeds(task: TrainingTask): NamedArrays {
  return Object.fromEntries(
    task.initial.map(({ name, shape, deviation }) => [
      name,
      isLearnt(name)
        ? numbersOf(name.slice(PREFIX.length), shape, deviation || 0.1)
        : { shape, data: new Float32Array(shape.reduce((product, length) => product * length, 1)) },
    ]),
  );
}

/** Places of the labels of so many images. */
export const labelsOf = (count: number, labels: number): number[] =>
  Array.from({ length: count }, (_, row) => whole('label', row) % labels);

/** Images with the place of a label behind each. */
function labelled({ data, shape: [count = 0, width = 0] }: NumberArray, labels: number): NumberArray {
  const rows = Array.from({ length: count }, (_, row) => [
    ...data.subarray(row * width, (row + 1) * width),
    labelsOf(count, labels)[row]!,
  ]);
  return { data: Float32Array.from(rows.flat()), shape: [count, width + 1] };
}

/** Images, and what a task draws in so many steps from one on. */
export function drawnFeeds(
  golden: GoldenStyleGan,
  each: StyleGanCase,
  task: TrainingTask,
  from: number,
  steps: number,
): NamedArrays {
  const { size, colours, labels = 0 } = each.case;
  const layers = 2 * Math.log2(size / 2);
  const drawn = task.draws.map((draw): [string, NumberArray] => {
    const { name } = draw.input.attributes;
    const shape = draw.input.shape as readonly number[];
    const width = shape.reduce((product, length) => product * length, 1);
    const value = (at: number): number => {
      const [step, place] = [Math.floor(at / width), at % width];
      const index = (from + step) * width + place;
      switch (draw.kind) {
        case 'schedule':
          return draw.value(step);
        case 'integers':
          return whole(name, index) % draw.bound;
        case 'uniform':
          return whole(name, index) / 2003;
        case 'made': {
          const image = (from + step) * golden.batch + Math.floor(place / layers);
          return place % layers < 1 + (whole(name, image) % layers) ? 1 : 0;
        }
        case 'normal':
          return whole(name, index) / 500 - 2;
      }
    };
    return [
      name,
      { shape: [steps, ...shape], data: Float32Array.from({ length: steps * width }, (_, at) => value(at)) },
    ];
  });
  const images = numbersOf('table', [golden.count, colours * size ** 2], 0.5);
  const table = labels === 0 ? images : labelled(images, labels);
  return { ...Object.fromEntries(drawn), [TRAINING_ROWS]: table };
}

import type { Graph } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import type { StepBuilder } from '../step-builder.ts';
import type { TrainingTask } from '../task.ts';
import { createStepBuilder } from '../step-builder.ts';
import { TRAINING_ROWS } from '../critics/critic-plan.ts';
import { updateParameters, type OptimiserOptions } from '../optimisers/optimiser.ts';
import { averageWeights } from '../optimisers/weight-average.ts';
import { createBatches, type ClassRows } from './batches.ts';
import type { Route } from './decode.ts';
import { batchOf } from './exchange.ts';
import { coderLosses, criticLosses, type RadialLossOptions } from './losses.ts';
import { createRadialNetworks, type RadialNetworkOptions, type RadialNetworks } from './networks.ts';
import { classWidthOf, translatorGraph } from './translator-graph.ts';
import type { Union } from './union.ts';

export interface RadialOptions extends RadialNetworkOptions, RadialLossOptions {
  readonly title: string;
  readonly remedy: string;
  readonly steps: number;
  /** Rows of each source in one update; rounded to a multiple of the number of other sources. */
  readonly batch: number;
  /** Updates of the critics for each update of the coders. */
  readonly criticSteps: number;
  /** Whether classes are drawn equally often, where all sources have rows of each. */
  readonly balanced: boolean;
  /** Whether point masses stay whole (`point-masses.ts`). */
  readonly keepsMasses: boolean;
  /** Decay of the exponential average of the coders that translates in the end; 0 for none. */
  readonly average: number;
  readonly optimiser: OptimiserOptions;
}

/** The rows that a translation is trained on, as the step sees them. */
export interface TranslationRows {
  readonly union: Union;
  /** Rows of each class in each source, [sources][classes]; the table has them in this order. */
  readonly counts: ClassRows;
}

/** A translation to be trained. The table of its task is [rows, tableWidth]: rows over the union, then their class. */
export interface TranslationPlan {
  readonly task: TrainingTask;
  /** What translates raw rows of one source into those of another, from where the task stands. */
  translator(at: TranslationState, route: Omit<Route, 'union' | 'keepsMasses'>): Graph;
}

export interface TranslationState {
  readonly stepsDone: number;
  readonly state: Readonly<Record<string, Float32Array>>;
}

/** What the parts of a step share. */
export interface RadialStep {
  readonly step: StepBuilder;
  readonly union: Union;
  readonly networks: RadialNetworks;
  readonly options: RadialOptions;
  readonly batch: number;
  /** Rows [sources, batch, width] with their classes [sources, batch, classWidth], drawn anew. */
  readonly draw: (name: string) => { readonly x: Tensor; readonly y: Tensor | null };
}

/**
 * One step of RadialGAN (Yoon, Jordon and van der Schaar 2018, algorithm 1): `criticSteps` updates of all critics, then one of
 * all encoders and decoders.
 */
export function planRadial(options: RadialOptions, rows: TranslationRows): TranslationPlan {
  const { union, counts } = rows;
  const classWidth = classWidthOf(counts[0]?.length ?? 1);
  const networks = createRadialNetworks(union, classWidth, options);
  const step = createStepBuilder();
  const total = counts.flat().reduce((sum, count) => sum + count, 0);
  const table = step.shared(TRAINING_ROWS, [total, union.width + classWidth]);
  const batch = batchOf(union.sources.length, options.batch);
  const draw = createBatches({ step, table, counts, batch, width: union.width, balanced: options.balanced });
  const parts: RadialStep = { step, union, networks, options, batch, draw };
  for (let index = 0; index < options.criticSteps; index++) updateCritics(parts, index);
  updateCoders(parts);
  const coders = [...networks.encoder.parameters, ...networks.decoder.parameters];
  const { average } = options;
  if (average > 0) {
    const decay = (n: number): number => Math.min(average, 1 - 1 / (n + 1));
    averageWeights(step, { parameters: coders, name: 'coderAverage', decay, update: (at) => at });
  }
  const { name, title, remedy, steps, drawn, keepsMasses } = options;
  return {
    task: step.finish({ name, title, remedy, steps, updatesPerStep: options.criticSteps }),
    translator: ({ state, stepsDone }, route) => {
      const isAveraged = average > 0 && stepsDone > 0;
      const parts = { networks, learnt: state, isAveraged, classes: counts[0]?.length ?? 1, drawn };
      return translatorGraph(parts, { union, keepsMasses, ...route });
    },
  };
}

function updateCritics(parts: RadialStep, index: number): void {
  const { step, networks, options } = parts;
  const { loss, reports } = criticLosses(parts, `${index}`);
  for (const [name, value] of Object.entries(reports)) step.report(name, value);
  const update = (at: number): number => at * options.criticSteps + index;
  updateParameters(step, options.optimiser, {
    name: `criticUpdate.${index}`,
    loss,
    parameters: networks.critic.parameters,
    update,
  });
}

function updateCoders(parts: RadialStep): void {
  const { step, networks, options } = parts;
  const { loss, reports } = coderLosses(parts);
  for (const [name, value] of Object.entries(reports)) step.report(name, value);
  const parameters = [...networks.encoder.parameters, ...networks.decoder.parameters];
  updateParameters(step, options.optimiser, { name: 'coderUpdate', loss, parameters, update: (at) => at });
}

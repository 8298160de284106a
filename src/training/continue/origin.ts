import { AristarchError } from '../../base/errors.ts';
import { createRandom, scopeRandom } from '../../base/philox.ts';
import type { Settings } from '../../base/settings.ts';
import { CRITIC_FILE, WEIGHTS_FILE } from '../../models/artefact/layout.ts';
import type { Manifest } from '../../models/artefact/manifest.ts';
import { conditionNames } from '../../models/features/schema.ts';
import { readArtefact } from '../../models/artefact/read.ts';
import type { TrainingTask } from '../../models/task.ts';
import type { StartingPoint } from '../fit/fit-critics.ts';
import type { StateValues } from '../steps/state.ts';
import { decodeWeights, type Weights } from './weights-file.ts';

/** A model that training goes on from. */
export interface Origin {
  readonly manifest: Manifest;
  readonly weights: Weights;
  /** Bytes of its critic.onnx, to compare with. */
  readonly critic: Uint8Array;
}

/** Reads a model to go on from. Throws what `readArtefact` throws, and `PRECONDITION_FAILED` where it holds no weights. */
export async function openOrigin(folder: string): Promise<Origin> {
  const { manifest, read } = await readArtefact(folder);
  if (!Object.hasOwn(manifest.files, WEIGHTS_FILE)) {
    const message = `the model in ${folder} holds no ${WEIGHTS_FILE} to go on from: train it again with this Aristarch`;
    throw new AristarchError('PRECONDITION_FAILED', message, { folder });
  }
  return { manifest, weights: decodeWeights(await read(WEIGHTS_FILE)), critic: await read(CRITIC_FILE) };
}

/** Settings that are about the rows or the place of a run, and not about what is trained: they start at their defaults. */
const NOT_INHERITED: ReadonlySet<string> = new Set([
  ...['data', 'where', 'exclude', 'schema', 'memoryBudget', 'out', 'replace', 'fromModel', 'resume', 'dryRun'],
  ...['device', 'threads', 'timeBudget', 'stepsPerCall', 'checkpointSeconds'],
]);

/** The settings that a continued run takes over, unless they are given anew; those that this Aristarch does not know are dropped. */
export function inheritedSettings(
  { name, family, training, features }: Manifest,
  known: Settings,
): Record<string, unknown> {
  const kept = Object.entries(training.config).filter(([key]) => Object.hasOwn(known, key) && !NOT_INHERITED.has(key));
  return { ...Object.fromEntries(kept), condition: conditionNames(features), name, family };
}

/** Where each network starts: pre-processing and fixed features as they were, parameters as they were learnt. */
export function toStartingPoint({ weights }: Origin): StartingPoint {
  return {
    transform: weights.transform,
    scale: weights.scale,
    // The random numbers of the run's final round, in which the fixed features were drawn.
    random: scopeRandom(createRandom(weights.seed), 'final'),
    parametersOf: (task) => matchParameters(task, weights.tasks[task.name]),
  };
}

function matchParameters(task: TrainingTask, state: StateValues | undefined): StateValues {
  const wanted = task.initial.filter(({ isParameter }) => isParameter);
  const sizes = wanted.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  const fits = wanted.every(({ name }, index) => state?.[name]?.length === sizes[index]);
  if (state !== undefined && fits) return state;
  const message =
    `the ${task.title} of this run is not the one of the model to go on from: ` +
    'settings that shape networks (--hidden, --members, --latent, ...) must stay as they were';
  throw new AristarchError('INVALID_INPUT', message, { task: task.name });
}

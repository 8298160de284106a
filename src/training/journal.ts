import { AristarchError } from '../base/errors.ts';
import type { TrainingTask } from '../models/task.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Journal } from './fit/fit-critics.ts';
import type { TaskProgress } from './steps/run-task.ts';

/** All tasks of a run in their order, known before any of it runs. */
export interface Outline {
  readonly tasks: readonly OutlinedTask[];
  /** Updates of critics in the whole run. */
  readonly updates: number;
  /** Updates one after the other, from the first of the run to the last: fewer where rounds are under way at the same time. */
  readonly length: number;
}

/** Tasks that run in order, under one name. */
export interface OutlinedRound {
  readonly name: string;
  readonly plans: readonly { readonly task: TrainingTask }[];
}

/** Rounds of which so many are under way at once, begun in this order. */
export interface OutlinedStage {
  readonly atOnce: number;
  readonly rounds: readonly OutlinedRound[];
}

interface OutlinedTask {
  readonly key: string;
  readonly updates: number;
  /** Of the run's length. */
  readonly endsAt: number;
}

export interface JournalOptions {
  readonly outline: Outline;
  readonly checkpoint: Checkpoint;
  /** Ends the run with a checkpoint. */
  readonly signal: AbortSignal;
  readonly timeBudgetSeconds: number | undefined;
  /** A run that is cut loses at most so much. */
  readonly secondsBetweenCheckpoints: number;
  /** Seconds, monotonic. */
  readonly now: () => number;
  readonly onUpdates: (done: number, remark: string) => void;
  readonly onRollback: (message: string) => void;
  /** Called where the time budget ends a task before its last step. */
  readonly onCut: (message: string) => void;
}

/** One stage after the other; in each, a round is begun where there is room first. */
export function outlineOf(stages: readonly OutlinedStage[]): Outline {
  let length = 0;
  const tasks = stages.flatMap(({ atOnce, rounds }) => {
    const ends = Array<number>(atOnce).fill(length);
    const ofStage = rounds.flatMap(({ name, plans }) => {
      const turn = ends.indexOf(Math.min(...ends));
      return plans.map(({ task }) => {
        const updates = task.steps * task.updatesPerStep;
        ends[turn]! += updates;
        return { key: keyOf(name, task), updates, endsAt: ends[turn]! };
      });
    });
    length = Math.max(...ends);
    return ofStage;
  });
  return { tasks, length, updates: tasks.reduce((total, { updates }) => total + updates, 0) };
}

/** Shows progress, writes checkpoints, hears interrupts, and keeps a time budget: each task ends where it would if the run took just that long. */
export function createJournal(options: JournalOptions): Journal {
  const { outline, checkpoint, signal, now } = options;
  const startedAt = now();
  const savedAt = new Map<string, number>();
  const rollbacksSeen = new Map<string, number>();
  /** Tasks may be under way at the same time: each has its own count. */
  const updatesDone = new Map<string, number>();
  const countUpdates = (): number => [...updatesDone.values()].reduce((total, updates) => total + updates, 0);
  const find = (round: string, task: TrainingTask): OutlinedTask => {
    const key = keyOf(round, task);
    const found = outline.tasks.find((each) => each.key === key);
    if (!found) throw new AristarchError('INTERNAL', `the task ${key} is not in the outline`);
    return found;
  };
  const isOverBudget = ({ endsAt }: OutlinedTask): boolean => {
    const { timeBudgetSeconds } = options;
    if (timeBudgetSeconds === undefined) return false;
    return now() - startedAt > timeBudgetSeconds * (endsAt / outline.length);
  };
  const save = async (key: string, progress: TaskProgress): Promise<void> => {
    await checkpoint.save(key, progress);
    savedAt.set(key, now());
  };
  return {
    resume: async (round, task) => {
      const key = keyOf(round, task);
      const progress = await checkpoint.load(key);
      rollbacksSeen.set(key, progress?.rollbacks.length ?? 0);
      savedAt.set(key, now());
      return progress;
    },
    progress: async (round, task, progress) => {
      const outlined = find(round, task);
      const { key } = outlined;
      const rollbacks = progress.rollbacks.length;
      if (rollbacks > (rollbacksSeen.get(key) ?? 0)) options.onRollback(describeRollback(round, task, progress));
      rollbacksSeen.set(key, rollbacks);
      updatesDone.set(key, progress.stepsDone * task.updatesPerStep);
      options.onUpdates(countUpdates(), remarkOn(round, task, progress));
      const isDue = now() - (savedAt.get(key) ?? startedAt) >= options.secondsBetweenCheckpoints;
      if (signal.aborted || isDue) {
        await save(key, progress);
      }
      if (signal.aborted) throw interrupted(checkpoint);
      return isOverBudget(outlined) ? 'stop' : 'continue';
    },
    save: (round, task, progress) => save(keyOf(round, task), progress),
    finished: async (round, task, progress) => {
      const { key, updates } = find(round, task);
      updatesDone.set(key, updates);
      if (progress.stepsDone < task.steps) options.onCut(describeCut(round, task, progress));
      await checkpoint.save(key, progress);
      if (signal.aborted) throw interrupted(checkpoint);
    },
  };
}

const keyOf = (round: string, task: TrainingTask): string => `${round}.${task.name}`;

function interrupted({ folder }: Checkpoint): AristarchError {
  const message = `stopped; nothing is lost: the same command with --resume goes on from ${folder}`;
  return new AristarchError('CANCELLED', message, { checkpoint: folder });
}

function describeRollback(
  round: string,
  task: TrainingTask,
  { rollbacks, rateFactor, stepsDone }: TaskProgress,
): string {
  const { step, reason } = rollbacks.at(-1)!;
  return `the ${task.title} (${round}) diverged at step ${step} (${reason}); back to step ${stepsDone}, with the learning rate times ${rateFactor}`;
}

function describeCut(
  round: string,
  { title, steps, updatesPerStep }: TrainingTask,
  { stepsDone }: TaskProgress,
): string {
  const [done, all] = [stepsDone * updatesPerStep, steps * updatesPerStep];
  return `the time budget cut the ${title} (${round}) after ${done} of ${all} updates`;
}

/** The loss first: a narrow terminal shows no more. */
function remarkOn(round: string, task: TrainingTask, { history }: TaskProgress): string {
  const [first, ...others] = Object.entries(history);
  const show = (series: readonly number[]): string => (series.at(-1) ?? NaN).toPrecision(3);
  const rest = others.map(([name, series]) => `, ${name} ${show(series)}`);
  return `loss ${first ? show(first[1]) : '-'}, ${task.name} (${round})${rest.join('')}`;
}

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import { openCheckpoint } from '../../src/training/checkpoint.ts';
import { createJournal, outlineOf, type JournalOptions, type OutlinedRound } from '../../src/training/journal.ts';
import { startOf, type TaskProgress } from '../../src/training/steps/run-task.ts';

const task: TrainingTask = {
  ...{ name: 'critic', title: 'critic', draws: [], initial: [], steps: 10, updatesPerStep: 2 },
  program: { name: 'critic', state: [], shared: [], perStep: [], reports: {} },
};
const at = (stepsDone: number): TaskProgress => ({ ...startOf(task, createRandom(1)), stepsDone });
const diverged = (stepsDone: number): TaskProgress => ({
  ...at(stepsDone),
  rollbacks: [{ step: stepsDone, reason: 'the loss is NaN' }],
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-journal-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const round = (name: string): OutlinedRound => ({ name, plans: [{ task }] });

/** A journal of two rounds, whose clock stands where the test puts it. */
async function open(more: Partial<JournalOptions> = {}) {
  const clock = { seconds: 0 };
  const updates: number[] = [];
  const rollbacks: string[] = [];
  const checkpoint = await openCheckpoint(join(folder, 'run'), {}, { resume: false, warn: () => undefined });
  const journal = createJournal({
    outline: outlineOf([{ atOnce: 1, rounds: ['fold', 'final'].map(round) }]),
    ...{ checkpoint, signal: new AbortController().signal, timeBudgetSeconds: undefined, now: () => clock.seconds },
    ...{ secondsBetweenCheckpoints: 30, onCut: () => undefined },
    onUpdates: (done) => updates.push(done),
    onRollback: (message) => rollbacks.push(message),
    ...more,
  });
  const saved = async (): Promise<string[]> =>
    (await readdir(checkpoint.folder)).filter((name) => name.endsWith('.state')).sort();
  return { journal, clock, updates, rollbacks, saved };
}

describe('the journal of tasks that are under way at the same time', () => {
  it('counts the updates of all of them, and of one that was cut all that it had', async () => {
    const { journal, updates } = await open();
    await journal.progress('final', task, at(3));
    await journal.progress('fold', task, at(1));
    await journal.finished('fold', task, at(1));
    await journal.progress('final', task, at(4));
    expect(updates).toEqual([6, 8, 28]);
  });

  it('saves each when it is due, whatever was saved of another one', async () => {
    const { journal, clock, saved } = await open();
    await journal.progress('fold', task, at(1));
    clock.seconds = 31;
    await journal.progress('fold', task, at(2));
    await journal.progress('final', task, at(2));
    expect(await saved()).toEqual(['final.critic.state', 'fold.critic.state']);
  });

  it('saves what it is told to save, and then nothing more until it is due', async () => {
    const { journal, clock, saved } = await open();
    clock.seconds = 29;
    await journal.save('fold', task, at(1));
    clock.seconds = 31;
    await rm(join(folder, 'run', 'fold.critic.state'));
    await journal.progress('fold', task, at(2));
    expect(await saved()).toEqual([]);
    clock.seconds = 59;
    await journal.progress('fold', task, at(3));
    expect(await saved()).toEqual(['fold.critic.state']);
  });

  it('tells of a divergence once, whichever task it was', async () => {
    const { journal, rollbacks } = await open();
    await journal.progress('fold', task, diverged(1));
    await journal.progress('final', task, at(1));
    await journal.progress('fold', task, diverged(2));
    expect(rollbacks).toEqual([expect.stringContaining('the critic (fold) diverged at step 1 (the loss is NaN)')]);
  });

  it('saves where each of them stands when the run is stopped', async () => {
    const { journal, saved } = await open({ signal: AbortSignal.abort() });
    await expect(journal.progress('fold', task, at(1))).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(journal.progress('final', task, at(1))).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await saved()).toEqual(['final.critic.state', 'fold.critic.state']);
  });
});

describe('a time budget', () => {
  const long: TrainingTask = { ...task, steps: 20 };
  const folds = ['fold-1', 'fold-2', 'fold-3'].map(round);
  const final: OutlinedRound = { name: 'final', plans: [{ task: long }] };
  /** The second at which each round is stopped, of 60. */
  async function stops(atOnce: number, rounds: readonly OutlinedRound[]) {
    const after: OutlinedRound = { name: 'game', plans: [{ task }] };
    const outline = outlineOf([
      { atOnce, rounds },
      { atOnce: 1, rounds: [after] },
    ]);
    const { journal, clock } = await open({ outline, timeBudgetSeconds: 60 });
    const found: Record<string, number> = {};
    for (clock.seconds = 0; clock.seconds <= 61; clock.seconds += 0.5) {
      for (const { name, plans } of [...rounds, after]) {
        const answer = await journal.progress(name, plans[0]!.task, at(1));
        if (answer === 'stop') found[name] ??= clock.seconds - 0.5;
      }
    }
    return found;
  }

  it('is shared by rounds that follow each other as their updates are', async () => {
    const expected = { 'fold-1': 10, 'fold-2': 20, 'fold-3': 30, final: 50, game: 60 };
    expect(await stops(1, [...folds, final])).toEqual(expected);
  });

  it('leaves rounds that are under way at the same time as much of it as their updates are, each', async () => {
    const expected = { final: 30, 'fold-1': 15, 'fold-2': 30, 'fold-3': 45, game: 60 };
    expect(await stops(2, [final, ...folds])).toEqual(expected);
    expect(await stops(4, [final, ...folds])).toEqual({
      final: 40,
      'fold-1': 20,
      'fold-2': 20,
      'fold-3': 20,
      game: 60,
    });
  });
});

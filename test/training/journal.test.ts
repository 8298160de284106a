import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import type { TrainingTask } from '../../src/models/task.ts';
import { openCheckpoint } from '../../src/training/checkpoint.ts';
import { createJournal, outlineOf, type JournalOptions } from '../../src/training/journal.ts';
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

/** A journal of two rounds, whose clock stands where the test puts it. */
async function open(more: Partial<JournalOptions> = {}) {
  const clock = { seconds: 0 };
  const updates: number[] = [];
  const rollbacks: string[] = [];
  const checkpoint = await openCheckpoint(join(folder, 'run'), {}, { resume: false, warn: () => undefined });
  const journal = createJournal({
    outline: outlineOf(['fold', 'final'].map((name) => ({ name, plans: [{ task }] }))),
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

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearAside } from '../../src/training/set-aside.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aristarch-aside-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What is told once a run is done beside whose checkpoint another one lies, with such a state. */
async function tellOf(state: string | undefined): Promise<string[]> {
  const checkpoint = join(folder, 'out.checkpoint');
  if (state !== undefined) {
    await mkdir(`${checkpoint}.before`);
    await writeFile(join(`${checkpoint}.before`, 'run.json'), '{}');
    await writeFile(join(`${checkpoint}.before`, 'final.critic.state'), state);
  }
  const told: string[] = [];
  const options = { mayReplace: () => Promise.resolve(true), differences: () => [] };
  await clearAside(checkpoint, { ...options, warn: (message) => told.push(message) });
  return told;
}

describe('a checkpoint that was set aside', () => {
  it('is told of where it is damaged: nothing else would ever speak of it', async () => {
    expect(await tellOf('no state')).toEqual([
      expect.stringMatching(/out\.checkpoint\.before is still there, .* and it is damaged: remove it$/),
    ]);
  });

  it('that is not there is nothing to tell of', async () => {
    expect(await tellOf(undefined)).toEqual([]);
  });
});

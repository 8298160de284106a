import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { usableCores } from '../../src/base/cores.ts';

describe('the cores that a process may use', () => {
  it.each<[readonly (string | undefined)[], number]>([
    [['max 100000\n'], 4],
    [['150000 100000\n'], 1.5],
    [['800000 100000\n'], 4],
    [[''], 4],
    [[undefined], 4],
    [[undefined, '150000\n', '100000\n'], 1.5],
    [[undefined, '-1\n', '100000\n'], 4],
    [[undefined, '150000\n', undefined], 4],
  ])('are no more than a container’s limit of %j, in one file or in two', async (texts, cores) => {
    const folder = await mkdtemp(join(tmpdir(), 'aristarch-cores-'));
    try {
      const files = ['cpu.max', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => join(folder, name));
      for (const [index, text] of texts.entries()) if (text !== undefined) await writeFile(files[index]!, text);
      expect(usableCores(4, [files.slice(0, 1), files.slice(1)])).toBe(cores);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

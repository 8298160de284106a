import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { usableCores } from '../../src/base/cores.ts';

describe('the cores that a process may use', () => {
  it.each<[string | undefined, number]>([
    ['max 100000\n', 4],
    ['150000 100000\n', 1.5],
    ['800000 100000\n', 4],
    ['', 4],
    [undefined, 4],
  ])('are no more than a container’s limit of %j', async (limit, cores) => {
    const folder = await mkdtemp(join(tmpdir(), 'aristarch-cores-'));
    try {
      const file = join(folder, 'cpu.max');
      if (limit !== undefined) await writeFile(file, limit);
      expect(usableCores(4, file)).toBe(cores);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

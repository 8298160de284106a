import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { recommend, type SourceComparison } from '../../../src/training/translate/compare-sources.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { ALL, PLAIN, sourceFlags, trainPlants, writePlants } from '../../support/plant-files.ts';
import { measurements } from '../../support/plants.ts';

const files = useDataFolder();
let sources: Readonly<Record<string, string>>;
let folder: string;
beforeAll(async () => {
  sources = await writePlants(files);
  folder = files.path('ulm');
  await trainPlants(...sourceFlags(sources), ...PLAIN, '--out', folder);
}, 120_000);

const ADVISED = {
  own: 'train the critic on the own rows alone',
  pooled: 'Rows of the others help as they are',
  translated: 'train with --augment-training',
};

describe('the comparison of own, pooled and translated rows', () => {
  it('stands in the result and in the report, with a recommendation', async () => {
    const out = files.path('compared');
    const terminal = await trainPlants(...sourceFlags(sources), ...ALL, '--out', out, '--json');
    const { sourceComparison } = JSON.parse(terminal.out()) as { sourceComparison: SourceComparison };
    const normals = measurements('ulm', 60).filter(({ faulty }) => faulty === 0).length;
    expect(sourceComparison).toMatchObject({ rows: normals, known: 60 - normals });
    expect(sourceComparison.variants.map(({ variant }) => variant)).toEqual(['own', 'pooled', 'translated']);
    for (const { madeUp, known } of sourceComparison.variants) {
      expect([...madeUp, ...known]).toHaveLength(4);
      expect([...madeUp, ...known].every((value) => value > 0 && value < 1)).toBe(true);
    }
    // 60 rows have about 20 that are faulty: which of the two decide, the recommendation is what recommend() makes of them.
    const { decidedBy, recommended } = sourceComparison;
    expect({ decidedBy, recommended }).toEqual(recommend(sourceComparison.variants, 60 - normals));
    expect(decidedBy).toBe(60 - normals >= 20 ? 'known' : 'madeUp');
    const report = await readFile(join(out, 'report.html'), 'utf8');
    expect(report).toContain('Own, pooled and translated rows');
    expect(report).toContain(ADVISED[recommended]);
  }, 120_000);

  it('is left out on request', async () => {
    const out = files.path('not-compared');
    const terminal = await trainPlants(...sourceFlags(sources), ...ALL, '--out', out, '--json', '--no-compare-sources');
    expect(JSON.parse(terminal.out())).not.toHaveProperty('sourceComparison');
    expect(await readFile(join(out, 'report.html'), 'utf8')).not.toContain('Own, pooled and translated rows');
  }, 60_000);
});

describe('a critic that is trained with translated rows', () => {
  it('is another one, is calibrated on the own rows alone, and scores as any does', async () => {
    const out = files.path('augmented-critic');
    const terminal = await trainPlants(
      ...sourceFlags(sources),
      ...ALL,
      '--out',
      out,
      '--augment-training',
      '--no-compare-sources',
    );
    expect(terminal.err()).not.toContain('error');
    const [plain, augmented] = await Promise.all([readArtefact(folder), readArtefact(out)]);
    expect(augmented.manifest.version).not.toBe(plain.manifest.version);
    expect(augmented.manifest.calibration.scores).toHaveLength(plain.manifest.calibration.scores.length);
    expect(augmented.manifest.files['translate-brest.onnx']).toBe(plain.manifest.files['translate-brest.onnx']);
    const detector = await openDetector(out, { device: 'cpu' });
    try {
      const { scores } = await detector.score(measurements('ulm', 50, 7));
      expect(scores.every(Number.isFinite)).toBe(true);
    } finally {
      await detector.close();
    }
  }, 120_000);

  it('needs rows of the others that are normal by the same condition', async () => {
    const where = ['--target', 'ulm', '--where', 'speed > 0', '--augment-training'];
    const terminal = await trainPlants(...sourceFlags(sources), ...where, '--out', files.path('refused'));
    expect(terminal.err()).toMatch(/turin: --where "speed > 0" cannot be used: there is no column "speed"/);
  });
});

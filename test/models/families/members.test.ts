import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { WEIGHTS_FILE } from '../../../src/models/artefact/layout.ts';
import { readArtefact } from '../../../src/models/artefact/read.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { decodeWeights } from '../../../src/training/continue/weights-file.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { normalOrders, toCsv, trainTiny } from '../../support/train-tiny.ts';

const home = useDataFolder();

describe('the clipped member', () => {
  it('has no weight beyond its bound, uses all of it, and tells normal rows from noise', async () => {
    const data = home.path('orders.csv');
    await writeFile(data, toCsv(normalOrders(300)));
    const settings = { members: ['clipped'], generator: false, steps: 300, memberClip: 0.02, folds: 2, rate: 0.1 };
    const { folder } = await trainTiny({ data, out: home.path('clipped'), family: 'wgan', ...settings });
    const { read } = await readArtefact(folder);
    const weights = Object.values(decodeWeights(await read(WEIGHTS_FILE)).tasks['clipped']!).flatMap((each) => [
      ...each,
    ]);
    expect(Math.max(...weights)).toBeCloseTo(0.02, 7);
    expect(Math.min(...weights)).toBeCloseTo(-0.02, 7);
    const detector = await openDetector(folder, { device: 'cpu' });
    const { scores } = await detector.score(normalOrders(200, 5));
    const odd = normalOrders(200, 6).map((order) => ({ ...order, price: order.price * 300 }));
    const { scores: high } = await detector.score(odd);
    await detector.close();
    const middle = (values: Float32Array): number => [...values].sort((a, b) => a - b)[100]!;
    expect(middle(high)).toBeGreaterThan(middle(scores));
  });
});

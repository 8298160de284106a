import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { scoreByGraph } from '../../src/training/images/fit-images.ts';
import type { Detection } from './result.ts';
import { DIGITS, readDigits } from './sets.ts';
import { trainStyleGan, type BenchOptions } from './train.ts';

/** A StyleGAN of one digit: its own critic and the detecting critic as detectors of the others. */
export async function measureDetection({
  executor,
  size,
  settings,
  timeBudget,
  digit,
}: BenchOptions & { digit: number }): Promise<Detection> {
  const isTrained = `digit = ${digit} AND hash(image) % 2 = 0`;
  const tested = await readDigits(size, `NOT (${isTrained}) AND (digit = ${digit} OR hash(image) % 4 = 0)`);
  const anomalous = Uint8Array.from(tested.classes, (each) => (each === digit ? 0 : 1));
  let ownAuroc = NaN;
  const { model } = await trainStyleGan({
    ...{ name: `digit-${digit}-${size}`, data: DIGITS, where: isTrained, settings: { ...settings, timeBudget } },
    onPhase: async ({ phase, progress }, plan) => {
      if (phase !== plan.phases.at(-1)) return;
      const graph = plan.scoringGraph(size, progress.state);
      const scores = await scoreByGraph(executor, { channels: 1, size }, graph, tested.rows);
      ownAuroc = rankingMetrics(scores, anomalous).auroc;
    },
  });
  const detector = await openDetector(model, { device: 'cpu' });
  const { scores } = await detector.score(tested.rows);
  await detector.close();
  const { auroc } = rankingMetrics(scores, anomalous);
  return { digit, tested: tested.classes.length, ownAuroc, auroc };
}

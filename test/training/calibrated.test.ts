import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { formatBytes } from '../../src/training/report/format.ts';
import { normalOrders, ODD_ORDER, toCsv, trainTiny } from '../support/train-tiny.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aristarch-calibrated-'));
  await writeFile(join(home, 'few.csv'), toCsv(normalOrders(600)));
  await writeFile(join(home, 'many.csv'), toCsv(normalOrders(2100)));
});
afterAll(() => rm(home, { recursive: true, force: true }));

const train = (name: string, settings: Record<string, unknown> = {}) =>
  trainTiny({
    data: join(home, `${name}.csv`),
    out: join(home, `${name}-${JSON.stringify(settings).length}`),
    generator: false,
    ...settings,
  });

/** P-values of fresh normal rows. */
async function freshPValues(folder: string): Promise<number[]> {
  const detector = await openDetector(folder, { device: 'cpu' });
  const { pValues } = await detector.score(normalOrders(2000, 77));
  await detector.close();
  return [...pValues].sort((a, b) => a - b);
}

/** Largest distance between the shares of p-values and the uniform distribution (Kolmogorov and Smirnov). */
const distanceFromUniform = (sorted: readonly number[]): number =>
  sorted.reduce((most, p, index) => Math.max(most, Math.abs(p - (index + 0.5) / sorted.length)), 0);

describe('calibration', () => {
  it('of a table with many rows is by split, and p-values of fresh normal rows are uniform', async () => {
    const { result } = await train('many');
    expect(result.calibration).toEqual({ method: 'split', count: 420, falsePositiveRate: 0.01 });
    const sorted = await freshPValues(result.model);
    // Two samples of n and 2000: at level 0.001 the distance is below 1.95 sqrt(1 / n + 1 / 2000).
    expect(distanceFromUniform(sorted)).toBeLessThan(1.95 * Math.sqrt(1 / 420 + 1 / 2000));
  });

  it('of a table with few rows is by folds, and small p-values of fresh normal rows are no more than twice as frequent', async () => {
    const { result } = await train('few');
    expect(result.calibration).toEqual({ method: 'cross', count: 600, falsePositiveRate: 0.01 });
    const sorted = await freshPValues(result.model);
    // Not uniform: a fold's critics see fewer rows than the final ones, and for fewer steps. 2 alpha is what is known of
    // critics that differ by their rows only (Barber 2021, theorem 4, for n much larger than the number of folds).
    for (const alpha of [0.02, 0.05, 0.1]) {
      expect(sorted.filter((p) => p <= alpha).length / sorted.length).toBeLessThan(2 * alpha);
    }
    expect(distanceFromUniform(sorted)).toBeLessThan(0.15);
  });

  it('gives the rate that was asked for, or the smallest that the rows support', async () => {
    expect((await train('few', { rate: 0.05 })).result.calibration.falsePositiveRate).toBe(0.05);
    await writeFile(join(home, 'tiny.csv'), toCsv(normalOrders(40)));
    const { result, warnings } = await train('tiny', { folds: 2 });
    expect(result.calibration).toEqual({ method: 'cross', count: 40, falsePositiveRate: 1 / 41 });
    expect(warnings).toEqual(['40 calibration rows support no false-positive rate below 0.0244']);
  });
});

describe('a time budget', () => {
  it('ends training near it, says what was cut, and still calibrates and writes the model', async () => {
    let seconds = 0;
    // A clock that goes one second with each look at it: no machine is too fast or too slow for it.
    const started = { seconds: () => seconds++ };
    const settings = { steps: 10_000, stepsPerCall: 1, checkpointSeconds: 1e4, timeBudget: 120, generator: true };
    const { result, warnings } = await trainTiny(
      { data: join(home, 'many.csv'), out: join(home, 'cut'), ...settings },
      started,
    );
    expect(result.seconds).toBeGreaterThan(120);
    expect(result.seconds).toBeLessThan(140);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/^the time budget cut the logistic member \(final\) after \d+ of 10000 updates$/);
    expect(result.warnings).toEqual(warnings);
    expect(result.calibration).toMatchObject({ method: 'split', count: 420 });
    expect(existsSync(join(result.model, 'generator.onnx'))).toBe(true);
    expect(await readFile(join(result.model, 'report.html'), 'utf8')).toContain(warnings[2]!);
    expect(existsSync(join(home, 'cut.checkpoint'))).toBe(false);
  });
});

describe('the most memory that a run has had', () => {
  it('is one figure, in the report as in the result', async () => {
    let bytes = 0;
    // Each look finds more, as it may in a run.
    const { result } = await trainTiny(
      { data: join(home, 'many.csv'), out: join(home, 'memory'), steps: 2 },
      { peakBytes: () => (bytes += 100 * 2 ** 20) },
    );
    const report = await readFile(join(result.model, 'report.html'), 'utf8');
    expect(/<dt>Peak memory<\/dt>\s*<dd>([^<]*)<\/dd>/.exec(report)?.[1]).toBe(formatBytes(result.peakBytes));
  });
});

describe('a run that diverges and recovers', () => {
  it('is exported with finite scores, and says what was rolled back', async () => {
    const settings = { steps: 20, members: ['logistic'], learningRate: 1, logisticLambda: 100 };
    const { result, warnings } = await train('many', settings);
    expect(result.rollbacks).toBeGreaterThan(0);
    expect(warnings[0]).toMatch(
      /^the logistic member \(final\) diverged at step \d+ \(criticLoss is .*\); back to step 0, with the learning rate times 0.5$/,
    );
    expect(result.warnings).toEqual(warnings);
    const detector = await openDetector(result.model, { device: 'cpu' });
    const { scores } = await detector.score([ODD_ORDER, ...normalOrders(50)]);
    await detector.close();
    expect([...scores].every(Number.isFinite)).toBe(true);
  });
});

describe('what is trained and exported', () => {
  it.each([
    ['members' as const, true, ['logistic', 'wasserstein', 'own']],
    ['both' as const, true, ['logistic', 'wasserstein', 'own']],
    ['members' as const, false, ['logistic', 'wasserstein']],
  ])('with --score %s and generator %s is %j', async (score, generator, networks) => {
    const remarks = new Set<string>();
    const out = join(home, `score-${score}-${generator}`);
    const { result, warnings } = await trainTiny(
      { data: join(home, 'many.csv'), out, score, generator, steps: 10 },
      { onUpdates: (_done, _total, remark) => remarks.add(remark.replace(/^loss \S+, (\w+) .*$/, '$1')) },
    );
    expect([...remarks]).toEqual(networks);
    expect(existsSync(join(result.model, 'generator.onnx'))).toBe(generator);
    expect(warnings).toEqual([]);
  });

  it('warns that a critic of its own may be far below chance as a detector', async () => {
    const { result } = await train('many', { score: 'own', generator: true, members: [], steps: 10 });
    expect(result.warnings.join()).toContain('from far below to far above chance as a detector');
  });
});

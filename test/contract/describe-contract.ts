import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import { readArtefact } from '../../src/models/artefact/read.ts';
import type { Detector, RawRecord } from '../../src/scoring/detector.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { largestDistance } from '../../src/training/continue/compare.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';
import { createHardRows, parityGap } from '../support/onnx-parity.ts';

/** A model to be held to the contract, and rows that it was not trained on. */
export interface ContractSubject {
  /** Folder of the model. */
  readonly folder: string;
  /** Fresh rows, drawn as those of training were; at least 500. */
  readonly normals: readonly RawRecord[];
  /** A row that nobody would take for a normal one. */
  readonly outlier: RawRecord;
  /** A toy set's anomalies. */
  readonly anomalies: readonly RawRecord[];
  /** Makes the model again, into another folder. */
  readonly again: (name: string) => Promise<string>;
}

export interface ContractTerms {
  /**
   * The least AUROC on the toy set; `none` for a model that scores by a critic which was trained against a generator only:
   * such a critic is from far below to far above chance by table and seed, is said to be, and owes nobody an orientation.
   */
  readonly auroc: number | 'none';
}

const RATES = [0.5, 0.2, 0.1, 0.05, 0.02];
/** Two samples of the same kind lie further apart than this, over sqrt(1/n + 1/m), once in a thousand times. */
const KOLMOGOROV_AT_A_THOUSANDTH = 1.95;

/** What every artefact owes whoever serves it, whatever family made it. */
export function describeContract(
  name: string,
  make: (path: (name: string) => string) => Promise<ContractSubject>,
  { auroc }: ContractTerms,
): void {
  describe(`the contract of ${name}`, () => {
    const home = useDataFolder();
    let subject: ContractSubject;
    let detector: Detector;
    beforeAll(async () => {
      subject = await make((each) => home.path(each));
      detector = await openDetector(subject.folder, { device: 'cpu' });
    }, 120_000);
    afterAll(() => detector.close());

    const scoresOf = async (rows: readonly RawRecord[] | Float32Array): Promise<Float32Array> =>
      (await detector.score(rows)).scores;

    it('is finite on every kind of value, with p-values in (0, 1]', async () => {
      const { scores, pValues } = await detector.score(createHardRows(detector.description.rowWidth, 300));
      expect(scores.every(Number.isFinite)).toBe(true);
      expect(pValues.every((p) => p > 0 && p <= 1)).toBe(true);
    });

    if (auroc !== 'none') {
      it('puts an obvious outlier above normal rows: higher is more anomalous', async () => {
        const [odd, ...usual] = await scoresOf([subject.outlier, ...subject.normals]);
        expect(odd).toBeGreaterThan(Math.max(...usual));
      });

      it(`reaches an AUROC of ${auroc} on a toy set`, async () => {
        const { normals, anomalies } = subject;
        const scores = await scoresOf([...normals, ...anomalies]);
        const labels = Uint8Array.from(scores, (_, row) => (row < normals.length ? 0 : 1));
        expect(rankingMetrics(scores, labels).auroc).toBeGreaterThanOrEqual(auroc);
      });
    }

    it('gives one row the same score in every batch', async () => {
      const rows = [...subject.normals.slice(0, 40), subject.outlier, ...subject.anomalies.slice(0, 20)];
      const together = await scoresOf(rows);
      const order = [...createRandom(1).stream('order').permutation(rows.length)];
      const shuffled = await scoresOf(order.map((row) => rows[row]!));
      for (const [place, row] of order.entries()) {
        const [alone = NaN] = await scoresOf([rows[row]!]);
        const tolerance = 1e-6 * (1 + Math.abs(alone));
        expect(Math.abs(alone - together[row]!)).toBeLessThanOrEqual(tolerance);
        expect(Math.abs(alone - shuffled[place]!)).toBeLessThanOrEqual(tolerance);
      }
    });

    it('leaves its input as it was', async () => {
      const records = Object.freeze(subject.normals.slice(0, 20).map((record) => Object.freeze({ ...record })));
      const rows = detector.encode(records);
      const before = rows.slice();
      const packed = await scoresOf(rows);
      expect(rows).toEqual(before);
      expect(await scoresOf(records)).toEqual(packed);
    });

    it('scores the same after it was copied and opened again', async () => {
      const copy = home.path('copy');
      await cp(subject.folder, copy, { recursive: true });
      const reopened = await openDetector(copy, { device: 'cpu' });
      try {
        expect((await reopened.score(subject.normals)).scores).toEqual(await scoresOf(subject.normals));
        expect(reopened.description).toEqual(detector.description);
      } finally {
        await reopened.close();
      }
    });

    it('has calibration scores that fresh normal rows agree with', async () => {
      const { calibration } = (await readArtefact(subject.folder)).manifest;
      const fresh = (await scoresOf(subject.normals)).sort();
      const limit = KOLMOGOROV_AT_A_THOUSANDTH * Math.sqrt(1 / fresh.length + 1 / calibration.scores.length);
      expect(largestDistance(calibration.scores, fresh)).toBeLessThan(limit);
    });

    it('flags more at a higher rate, by one threshold a group, and exactly where the p-value is at most the rate', async () => {
      const rows = detector.encode([...subject.normals, ...subject.anomalies]);
      let flagged = new Uint8Array(rows.length).fill(1);
      for (const falsePositiveRate of RATES) {
        const batch = await detector.score(rows, { falsePositiveRate });
        const { scores, pValues, verdicts, groups } = batch;
        const thresholdOf = (row: number) => (groups ? groups.thresholds[groups.of[row]!]! : batch.threshold);
        expect(verdicts.every((verdict, row) => verdict <= flagged[row]!)).toBe(true);
        expect([...verdicts]).toEqual([...pValues].map((p) => (p <= falsePositiveRate ? 1 : 0)));
        expect([...verdicts]).toEqual([...scores].map((score, row) => (score > thresholdOf(row) ? 1 : 0)));
        flagged = verdicts.slice();
      }
    });

    needs('python:onnxruntime').it("scores as Python's onnxruntime does, from the same file", async () => {
      const rows = detector.encode([...subject.normals.slice(0, 100), ...subject.anomalies, subject.outlier]);
      const hard = createHardRows(detector.description.rowWidth, 100);
      // Together: Python takes most of its time to start.
      expect(await parityGap(subject.folder, detector, Float32Array.of(...rows, ...hard))).toBeLessThan(1e-5);
    });

    it('is made again, byte for byte, from the same rows and seed', async () => {
      const copy = await subject.again('again');
      const files = Object.keys((await readArtefact(subject.folder)).manifest.files).filter(
        (file) => file !== 'report.html',
      );
      expect(files).toContain('critic.onnx');
      for (const file of files) {
        const [first, second] = await Promise.all([subject.folder, copy].map((folder) => readFile(join(folder, file))));
        expect(first!.equals(second!)).toBe(true);
      }
    }, 120_000);
  });
}

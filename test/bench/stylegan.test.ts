import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { compareManifolds, frechetDistance, type FeatureRows } from '../../bench/stylegan/distances.ts';
import { stylePage } from '../../bench/stylegan/page.ts';
import { withKept } from '../../bench/stylegan/result.ts';
import { DOCS, formatDocument } from '../../bench/support/documents.ts';
import { createRandom } from '../../src/base/philox.ts';

const normals = (
  name: string,
  count: number,
  width: number,
  change: (value: number, at: number) => number,
): FeatureRows => {
  const data = new Float32Array(count * width);
  createRandom(1).stream(name).fillNormal(data, 0);
  return { data: data.map((value, at) => change(value, at % width)), width };
};
const plain = (value: number): number => value;

describe('the distance of Fréchet', () => {
  it('is 0 of a set to itself, and what it is between normals whose covariances commute', () => {
    const a = normals('a', 20_000, 3, plain);
    expect(frechetDistance(a, a)).toBeCloseTo(0, 6);
    // Means 1 apart in each of 3 columns; deviations 1 and 2: 3 + 3 (2 - 1)^2.
    expect(
      frechetDistance(
        a,
        normals('b', 20_000, 3, (value) => 2 * value + 1),
      ),
    ).toBeCloseTo(6, 0);
  });

  it('is what it is by hand where covariances do not commute', () => {
    // The distance between normals in one column is (m1 - m2)^2 + (s1 - s2)^2, and turning both sets changes nothing.
    const turn = ({ data, width }: FeatureRows): FeatureRows => {
      const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
      return {
        width,
        data: data.map((value, at) => (at % 2 === 0 ? c * value - s * data[at + 1]! : s * data[at - 1]! + c * value)),
      };
    };
    const [a, b] = [normals('a', 5000, 2, (v, at) => v * (at + 1)), normals('b', 5000, 2, (v, at) => v * (3 - at))];
    expect(frechetDistance(turn(a), turn(b))).toBeCloseTo(frechetDistance(a, b), 4);
    expect(frechetDistance(turn(a), a)).toBeGreaterThan(0.1);
  });
});

describe('precision, recall, density and coverage', () => {
  const real = normals('real', 600, 2, plain);
  it('are near 1 for rows of the same kind, and 0 for rows far off', () => {
    const same = compareManifolds(real, normals('made', 600, 2, plain));
    for (const share of Object.values(same)) expect(share).toBeGreaterThan(0.85);
    const far = compareManifolds(
      real,
      normals('made', 600, 2, (value) => value + 50),
    );
    expect(far).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
  });

  it('tell rows that are all alike by their recall and coverage', () => {
    const alike = compareManifolds(
      real,
      normals('made', 600, 2, (value) => 0.05 * value),
    );
    expect(alike.precision).toBeGreaterThan(0.95);
    expect(alike.recall).toBeLessThan(0.05);
    expect(alike.coverage).toBeLessThan(0.3);
  });
});

describe('docs/stylegan.md', () => {
  it('says what was kept of each part', async () => {
    const page = await formatDocument('stylegan.md', stylePage(await withKept({})));
    expect(await readFile(join(DOCS, 'stylegan.md'), 'utf8')).toBe(page);
  });

  it('has a new measurement in place of the kept one, and the others as they were', async () => {
    const before = await withKept({});
    const oneStep = { ...before.oneStep!, stepSeconds: 1234.5 };
    const page = stylePage(await withKept({ oneStep }));
    expect(page).toContain('the step 1234.5 s');
    expect(page).toContain(`its own critic was shown ${before.quality.seen} images`);
  });
});

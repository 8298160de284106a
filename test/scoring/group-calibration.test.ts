import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createRandom } from '../../src/base/philox.ts';
import type { Manifest } from '../../src/models/artefact/manifest.ts';
import type { FeatureSchema } from '../../src/models/features/schema.ts';
import { createRowCalibration, groupOfRow, watchedScores } from '../../src/scoring/group-calibration.ts';
import { createScoreDrift } from '../../src/scoring/drift/score-drift.ts';
import { groupScores } from '../../src/training/calibration-groups.ts';

const SCHEMA: FeatureSchema = {
  fields: [
    { kind: 'number', name: 'x', missing: false, integer: false },
    { kind: 'category', name: 'protocol', missing: true, levels: ['tcp', 'udp', 'icmp'], condition: true },
    { kind: 'boolean', name: 'night', missing: false, condition: true },
    { kind: 'number', name: 'load', missing: false, integer: false, condition: true },
  ],
  excluded: [],
};

/** Raw rows of those protocols (by index), all by day. */
const rowsOf = (protocols: readonly number[]): Float32Array =>
  Float32Array.from(protocols.flatMap((protocol) => [0, protocol, 0, 5]));

/** A calibration by these held-out rows: a protocol and a score each. */
function calibrate(heldOut: readonly (readonly [protocol: number, score: number])[], rate: number) {
  const rows = rowsOf(heldOut.map(([protocol]) => protocol));
  const scores = heldOut
    .map(([, score], row) => ({ row, score: Math.fround(score) }))
    .sort((a, b) => a.score - b.score);
  const grouped = groupScores(SCHEMA, { data: rows, shape: [heldOut.length, 4] }, scores, rate)!;
  const calibration: Manifest['calibration'] = {
    ...{ method: 'split', falsePositiveRate: rate, groups: grouped.groups },
    scores: scores.map(({ score }) => score),
  };
  const features = SCHEMA as unknown as Manifest['features'];
  return { ...createRowCalibration({ calibration, features }), warnings: grouped.warnings };
}

const repeat = (count: number, protocol: number, score: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => [protocol, score(index)] as const);

describe('calibration by the levels of conditions', () => {
  const held = [...repeat(99, 0, (i) => i), ...repeat(199, 1, (i) => 1000 + i), ...repeat(5, 2, (i) => 500 + i)];
  const calibration = calibrate(held, 0.01);

  it('judges a row by the held-out rows of its own group: one score is odd for tcp and ordinary for udp', () => {
    const { pValues, verdicts, groups } = calibration.judge(rowsOf([0, 1]), Float32Array.of(1000, 1000), 0.01);
    expect([...pValues]).toEqual([1 / 100, 1]);
    expect([...verdicts]).toEqual([1, 0]);
    expect(groupOfRow(groups!, 0)).toEqual({ group: 'protocol = tcp, night = false', threshold: 98 });
    expect(groupOfRow(groups!, 1)).toEqual({ group: 'protocol = udp, night = false', threshold: 1197 });
  });

  it('judges small groups, unseen levels and missing values that were not seen by all held-out rows, and warns of it', () => {
    const { pValues, groups } = calibration.judge(rowsOf([2, 3, NaN]), Float32Array.of(1500, 1500, 1500), 0.01);
    expect([...pValues]).toEqual([1 / 304, 1 / 304, 1 / 304]);
    expect([0, 1, 2].map((row) => groupOfRow(groups!, row).group)).toEqual(['the rest', 'the rest', 'the rest']);
    expect(calibration.warnings).toHaveLength(1);
    expect(calibration.warnings[0]).toMatch(
      /fewer than 99 calibration rows.*protocol = icmp, night = false.*all held-out rows/,
    );
  });

  it('judges small groups by each other where together they are enough', () => {
    const small = calibrate([...held, ...repeat(98, NaN, (i) => 2000 + i)], 0.01);
    const { pValues } = small.judge(rowsOf([2, NaN]), Float32Array.of(499, 2098), 0.01);
    expect([...pValues]).toEqual([1, 1 / 104]);
  });

  it('refuses a rate that one of the groups cannot promise, with the smallest that all can, before it looks at rows', () => {
    expect(calibration.smallestRate).toBe(0.01);
    expect(() => calibration.thresholdAt(0.005)).toThrow(
      expect.objectContaining({
        code: 'RATE_UNSUPPORTED',
        message: expect.stringMatching(/protocol = tcp, night = false has 99: ask for at least 0\.01/),
      }),
    );
    // Also below what all held-out rows together could promise: the answer must be a rate that then works.
    expect(() => calibration.thresholdAt(0.0001)).toThrow(/ask for at least 0\.01/);
    expect(() => calibration.thresholdAt(0)).toThrow(/a false-positive rate of 0 is not possible/);
    expect(() => calibration.judge(rowsOf([1]), Float32Array.of(0), 0.005)).toThrow(/needs 199 calibration rows/);
  });

  it('says the same whether rows come alone or together', () => {
    const [rows, scores] = [rowsOf([0, 1, 2, 3]), Float32Array.of(98.5, 1100, 3, 700)];
    const together = calibration.judge(rows, scores, 0.05);
    scores.forEach((score, row) => {
      const alone = calibration.judge(rows.subarray(4 * row, 4 * row + 4), Float32Array.of(score), 0.05);
      expect(alone.pValues[0]).toBe(together.pValues[row]);
      expect(alone.verdicts[0]).toBe(together.verdicts[row]);
    });
  });

  it('flags exactly the rows whose p-value is at most the rate', () => {
    const score = fc.double({ min: -50, max: 1300, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 2, 3),
        score,
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (protocol, value, rate) => {
          const { pValues, verdicts } = calibration.judge(rowsOf([protocol]), Float32Array.of(value), rate);
          expect(verdicts[0] === 1).toBe(pValues[0]! <= rate);
        },
      ),
      { seed: 5, numRuns: 500 },
    );
  });

  it('keeps the rate in every group of exchangeable rows, where one calibration of all does not', () => {
    // Scores of protocol k are normal with deviation 1 + 4 k: all together, the wide ones have nearly all false alarms.
    const rate = 0.1;
    const perGroup = { own: [0, 0, 0], pooled: [0, 0, 0] };
    const trials = 400;
    for (let trial = 0; trial < trials; trial++) {
      const z = new Float32Array(3 * 60);
      createRandom(trial).stream('scores').fillNormal(z, 0);
      const rows = Array.from(z, (value, index) => [index % 3, value * (1 + 4 * (index % 3))] as const);
      const fresh = rows.slice(0, 3);
      const { judge, pooled } = calibrate(rows.slice(3), rate);
      const { pValues } = judge(
        rowsOf([0, 1, 2]),
        Float32Array.from(fresh, ([, score]) => score),
        rate,
      );
      fresh.forEach(([group, score]) => {
        perGroup.own[group]! += pValues[group]! <= rate ? 1 : 0;
        perGroup.pooled[group]! += pooled.pValueOf(Math.fround(score)) <= rate ? 1 : 0;
      });
    }
    // Of 400 rows, 0.1 and three standard errors are 58.
    for (const count of perGroup.own) expect(count).toBeLessThanOrEqual(58);
    expect(perGroup.own.reduce((a, b) => a + b)).toBeGreaterThan(60);
    expect(perGroup.pooled[2]).toBeGreaterThan(58);
  });
});

describe('the watch on drift of a model with groups', () => {
  /** Normal scores of protocol 0, and of protocol 1 moved by 10; `share` of the rows are of protocol 1. */
  function stream(seed: number, count: number, share: number, shift = 0) {
    const random = createRandom(seed).stream('drift');
    const [normal, uniform] = [new Float32Array(count), new Float32Array(count)];
    random.fillNormal(normal, 0);
    random.fillUniform(uniform, 1);
    return Array.from(normal, (z, row) => {
      const protocol = uniform[row]! < share ? 1 : 0;
      return [protocol, Math.fround(z + 10 * protocol + shift)] as const;
    });
  }
  const { judge } = calibrate(stream(1, 1000, 0.5), 0.01);

  /** Whether the alarm is raised: [on what is watched, on the plain scores]. */
  function alarms(rows: readonly (readonly [number, number])[]): [boolean, boolean] {
    const scores = Float32Array.from(rows, ([, score]) => score);
    const judged = judge(rowsOf(rows.map(([protocol]) => protocol)), scores, 0.01);
    const options = { alarmProbability: 0.01, window: 2000 };
    const raised = [watchedScores({ scores, ...judged }), scores].map((values) =>
      createScoreDrift({ ...options, random: createRandom(1) }).observe(values),
    );
    return [raised[0]!, raised[1]!];
  }

  it('takes another mix of conditions for none, where the scores alone would raise an alarm', () => {
    expect(alarms([...stream(2, 3000, 0.1), ...stream(3, 3000, 0.9)])).toEqual([false, true]);
  });

  it('hears of scores that rise within the groups', () => {
    expect(alarms([...stream(2, 3000, 0.1), ...stream(3, 3000, 0.1, 1)])[0]).toBe(true);
  });

  it('looks at the scores themselves where there are no groups', () => {
    const scores = Float32Array.of(1, 2);
    expect(watchedScores({ scores, pValues: Float64Array.of(1, 0.5) })).toBe(scores);
  });
});

describe('a manifest', () => {
  it('without groups judges all rows alike, with groups but no condition is refused', () => {
    const features = { ...SCHEMA, fields: [SCHEMA.fields[0]!] } as unknown as Manifest['features'];
    const calibration: Manifest['calibration'] = { method: 'split', falsePositiveRate: 0.5, scores: [1, 2, 3] };
    const plain = createRowCalibration({ calibration, features });
    expect(plain.groups).toEqual([]);
    expect(plain.judge(Float32Array.of(0, 0), Float32Array.of(2, 4), 0.5)).toEqual({
      ...{ pValues: Float64Array.of(0.75, 0.25), verdicts: Uint8Array.of(0, 1), threshold: 2 },
    });
    const foreign = (conditions: string[], levels: (string | boolean | null)[][]) => () =>
      createRowCalibration({
        calibration: {
          ...calibration,
          groups: { conditions, members: levels.map((each) => ({ levels: each, scores: [1] })) },
        },
        features: SCHEMA as unknown as Manifest['features'],
      });
    const own = ['protocol', 'night'];
    expect(
      foreign(own, [
        ['tcp', true],
        [null, false],
      ]),
    ).not.toThrow();
    expect(foreign(['zzz'], [['tcp', true]])).toThrow(/by zzz, where its conditions with levels are protocol, night/);
    for (const levels of [['nope', true], ['tcp'], ['tcp', true, 'more'], ['tcp', 'true'], [false, true]]) {
      expect(foreign(own, [levels])).toThrow(
        expect.objectContaining({ code: 'ARTEFACT_INVALID', message: expect.stringMatching(/group 0 has levels/) }),
      );
    }
    expect(
      foreign(own, [
        ['tcp', true],
        ['tcp', true],
      ]),
    ).toThrow(/stands there twice/);
    const groups = { conditions: ['x'], members: [{ levels: ['a'], scores: [1] }] };
    expect(() => createRowCalibration({ calibration: { ...calibration, groups }, features })).toThrow(
      /none of its fields is a condition with levels/,
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../src/base/philox.ts';
import type { ColumnFingerprint } from '../../src/models/artefact/manifest.ts';
import type { Detector } from '../../src/scoring/detector.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';

/** Training rows of the double: amounts spread evenly over [0, 4], and so on. */
const TRAINING: readonly ColumnFingerprint[] = [
  { name: 'amount', missingShare: 0, bins: { edges: [1, 2, 3], shares: [0.25, 0.25, 0.25, 0.25] } },
  { name: 'country', missingShare: 0.5, levelShares: { DE: 0.5, FR: 0 } },
  { name: 'online', missingShare: 0, levelShares: { false: 1, true: 0 } },
  { name: 'at', missingShare: 0 },
];

function createWatchedDouble(): Detector {
  const double = createDetectorDouble();
  return { ...double, description: { ...double.description, trainingColumns: TRAINING } };
}

const serve = createServeFixture();
const connect = createClientFixture();

/** Amounts as in training (they are the scores, too), moved by `shift`. */
function amounts(seed: number, count: number, shift = 0): number[] {
  const values = new Float32Array(count);
  createRandom(seed).stream('amounts').fillUniform(values, 0);
  return [...values].map((value) => 4 * value + shift);
}

describe('drift', () => {
  it('raises no alarm while traffic stays as it is, and one, with one warning, when it changes', async () => {
    const { log, lines } = createListeningLog();
    const warnings = (): readonly unknown[] => lines().filter(({ level }) => Number(level) >= 40);
    const { addresses } = await serve({ detector: createWatchedDouble(), log, settings: { driftWindow: 1000 } });
    const client = connect(addresses.grpc);
    await client.score(dense(...amounts(1, 3000)));
    expect((await client.describe()).drift).toMatchObject({
      ...{ scores: 3000, alarm: false, alarmAtScore: 0, alarmProbability: 0.01, window: 1000 },
    });
    expect(warnings()).toEqual([]);

    await client.score(dense(...amounts(2, 300, 3)));
    await client.score(dense(...amounts(3, 300, 5)));
    const { drift } = await client.describe();
    expect(drift!.alarm).toBe(true);
    expect(drift!.alarmAtScore).toBeGreaterThan(3000);
    expect(drift!.alarmAtScore).toBeLessThan(3100);
    expect(drift!.log10Largest).toBeGreaterThan(2);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toMatchObject({
      alarmAtRow: drift!.alarmAtScore,
      msg: expect.stringMatching(
        /^scores have drifted \(row 30\d\d; by chance with probability below 0\.01\); .*train again/,
      ) as unknown,
    });
  });

  it('is told to Prometheus, with the names of the model’s own fields for labels', async () => {
    const { addresses } = await serve({ detector: createWatchedDouble(), settings: { driftAlarmProbability: 0.001 } });
    await connect(addresses.grpc).score(dense(...amounts(1, 2000, 3)));
    const text = await scrape(addresses.http);
    const valueOf = (series: string): number =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      );
    expect(valueOf('aristarch_drift_alarm')).toBe(0);
    expect(valueOf('aristarch_drift_alarm_threshold_log10')).toBeCloseTo(3);
    expect(valueOf('aristarch_drift_martingale_log10')).toBeLessThan(2);
    expect(valueOf('aristarch_drift_field_stability_index{field="amount"}')).toBeGreaterThan(0.25);
    expect(valueOf('aristarch_drift_field_missing_ratio{field="country"}')).toBe(0);
    expect(valueOf('aristarch_drift_field_unseen_ratio{field="country"}')).toBe(0);
    expect(valueOf('aristarch_drift_fields_shifted')).toBe(3);
    expect(valueOf('aristarch_drift_stability_index_largest')).toBe(
      Math.max(
        ...['amount', 'country', 'online', 'at'].map((field) =>
          valueOf(`aristarch_drift_field_stability_index{field="${field}"}`),
        ),
      ),
    );
  });

  it('is not watched where the model does not tell how its training rows were spread', async () => {
    const { addresses } = await serve();
    expect((await connect(addresses.grpc).describe()).drift).toBeNull();
    expect(await scrape(addresses.http)).not.toMatch(/aristarch_drift_field_\w+\{/);
  });
});

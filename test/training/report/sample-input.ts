import { createRandom } from '../../../src/base/philox.ts';
import type { FeatureSummary, ReportInput } from '../../../src/training/report/input.ts';

/** `count` standard normal numbers, the same for the same name. */
export function drawNormal(name: string, count: number): Float32Array {
  const numbers = new Float32Array(count);
  createRandom(7).stream(name).fillNormal(numbers, 0);
  return numbers;
}

export function numberFeature(name: string, values: Float32Array, missingShare = 0): FeatureSummary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sorted.length;
  return {
    field: { name, kind: 'number', missing: missingShare > 0, integer: false },
    fingerprint: {
      name,
      missingShare,
      quantiles: [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1].map(at),
      mean,
      standardDeviation: Math.sqrt(variance),
    },
  };
}

export function categoryFeature(name: string, levelShares: Record<string, number>): FeatureSummary {
  return {
    field: { name, kind: 'category', missing: false, levels: Object.keys(levelShares) },
    fingerprint: { name, missingShare: 0, levelShares },
  };
}

function curve(
  name: string,
  from: number,
  to: number,
  noise: number,
): { name: string; steps: number[]; values: number[] } {
  const jitter = drawNormal(name, 1000);
  const values = [...jitter].map((z, step) => to + (from - to) * Math.exp(-step / 150) + noise * z);
  return { name, steps: values.map((_, step) => step + 1), values };
}

/** A report as a usual run makes it; every part can be replaced. */
export function sampleInput(parts: Partial<ReportInput> = {}): ReportInput {
  const amounts = drawNormal('amount', 4000).map((z) => Math.exp(3 + 1.1 * z));
  const features = [
    numberFeature('amount_eur', amounts),
    numberFeature(
      'latency_ms',
      drawNormal('latency', 4000).map((z) => 40 * Math.exp(0.4 * z)),
      0.031,
    ),
    categoryFeature('endpoint', { authorise: 0.55, capture: 0.3, refund: 0.1, status: 0.045, void: 0.005 }),
    categoryFeature('card_present', { true: 0.62, false: 0.38 }),
    { field: { name: 'at', kind: 'timestamp', missing: false }, fingerprint: { name: 'at', missingShare: 0 } } as const,
  ];
  const worst = { endpoint: 'void', card_present: true, at: '2026-03-01T04:12:09Z' };
  return {
    meta: {
      name: 'payments',
      version: '2026-03-01.1',
      family: 'wgan-gp',
      preset: 'detect',
      createdAt: '2026-03-01T10:00:00.000Z',
      sources: ['normal.parquet'],
      rows: 20_000,
      rowsInSource: 20_000,
      calibrationMethod: 'split',
      trainingSeconds: 41.27,
      peakBytes: 400 * 2 ** 20,
      device: 'cpu',
      threads: 2,
      seed: 1,
    },
    curves: [
      {
        network: 'WGAN-GP critic and generator',
        series: [
          curve('criticLoss', -9, -1.2, 0.4),
          curve('penalty', 1.8, 0.06, 0.02),
          curve('wassersteinEstimate', 9, 1.3, 0.4),
          curve('generatorLoss', -2, 0.4, 0.3),
        ],
        rollbacks: [{ step: 412, reason: 'the critic loss was not finite; learning rate 0.0001 → 0.00005' }],
      },
      {
        network: 'logistic member',
        series: [curve('normalLoss', 0.7, 0.12, 0.03), curve('negativeLoss', 0.7, 0.2, 0.04)],
      },
    ],
    groups: [],
    calibrationScores: [...drawNormal('scores', 2400)].map((z) => Math.exp(0.45 * z) * 2 - 2).sort((a, b) => a - b),
    falsePositiveRate: 0.01,
    features,
    excluded: [
      { name: 'request_id', reason: 'looks like an identifier (20,000 levels in 20,000 rows)' },
      { name: 'label', reason: 'excluded on request' },
    ],
    warnings: ['Column "latency_ms" has 3.1 % missing values; missing counts as normal there.'],
    config: [
      { name: 'steps', value: 1000, default: 1000, source: 'critic recipe, section 0' },
      { name: 'criticLearningRate', value: 5e-5, default: 1e-4, source: 'Gulrajani 2017, Algorithm 1' },
      { name: 'timeBudget', value: undefined, default: undefined, unit: 's' },
      { name: 'exclude', value: ['label'], default: [] },
    ],
    worstRows: [
      { score: 5.31, pValue: 0.0004, heldOut: true, values: { ...worst, amount_eur: 981.2, latency_ms: null } },
      {
        score: 4.9,
        pValue: 0.0008,
        heldOut: false,
        values: { ...worst, endpoint: 'refund', amount_eur: 21, latency_ms: 201 },
      },
    ],
    libraries: { aristarch: '0.1.0', 'onnxruntime-node': '1.30.0', '@duckdb/node-api': '1.5.6-r.1' },
    ...parts,
  };
}

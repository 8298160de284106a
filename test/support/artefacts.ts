import type { ArtefactContent } from '../../src/models/artefact/write.ts';

/** The manifest of a small model of three fields; tests change what they are about. */
export function createManifest(changes: Partial<ArtefactContent['manifest']> = {}): ArtefactContent['manifest'] {
  return {
    name: 'tiny',
    version: '20260101T000000Z',
    family: 'wgan-gp',
    createdAt: '2026-01-01T00:00:00.000Z',
    features: {
      fields: [
        { kind: 'number', name: 'amount', missing: false, integer: false },
        { kind: 'category', name: 'colour', missing: false, levels: ['red', 'blue'] },
        { kind: 'boolean', name: 'paid', missing: true },
      ],
      excluded: [{ name: 'id', reason: 'looks like an identifier' }],
    },
    training: {
      config: { data: ['normal.parquet'], seed: 1 },
      rows: 100,
      rowsInSource: 100,
      rollbacks: 0,
      seconds: 1.5,
      device: 'cpu',
    },
    fingerprint: {
      sha256: 'f'.repeat(64),
      columns: [
        { name: 'amount', missingShare: 0, quantiles: [0, 1, 2, 3, 4, 5, 6, 7, 8], mean: 4, standardDeviation: 2 },
        { name: 'colour', missingShare: 0, levelShares: { red: 0.75, blue: 0.25 } },
        { name: 'paid', missingShare: 0.5, levelShares: { true: 1 } },
      ],
    },
    calibration: { method: 'split', falsePositiveRate: 0.05, scores: Array.from({ length: 99 }, (_, i) => i / 10) },
    libraries: { aristarch: '0.1.0', 'onnxruntime-node': '1.30.0' },
    ...changes,
  };
}

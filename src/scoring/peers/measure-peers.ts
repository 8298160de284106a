import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toAristarchError } from '../../base/errors.ts';
import type { FeatureSchema } from '../../models/features/schema.ts';
import { absentPeers, runPeers, type PeerResults } from './run-peers.ts';
import { toBytes, writeTrainingRows, type TrainingSource } from './training-rows.ts';

export interface PeerSetup {
  readonly source: TrainingSource;
  /** Whether the user named the source; else a source that cannot be read makes the peers absent. */
  readonly named: boolean;
  readonly schema: FeatureSchema;
  /** Training rows that the peers get at most. */
  readonly maxRows: number;
  readonly python: string;
  readonly memoryLimit: string;
}

/** Peers, with how many of the training rows they had. */
export interface PeerMeasurement {
  readonly peers: PeerResults;
  readonly peerTrainingRows: number;
}

/** Gathers the rows that a model scores, then puts the peers through the same rows. */
export interface PeerRecorder {
  readonly record: (rows: Float32Array) => Promise<void>;
  /** Call once, after the last row. */
  readonly measure: (anomalous: Uint8Array) => Promise<PeerMeasurement>;
  readonly close: () => Promise<void>;
}

export async function createPeerRecorder(setup: PeerSetup): Promise<PeerRecorder> {
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-peers-'));
  const testPath = join(folder, 'test.f32');
  const file: FileHandle = await open(testPath, 'w');
  return {
    record: (rows) => file.writeFile(toBytes(rows)),
    measure: (anomalous) => measure(setup, folder, testPath, anomalous),
    close: async () => {
      await file.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function measure(
  setup: PeerSetup,
  folder: string,
  testPath: string,
  anomalous: Uint8Array,
): Promise<PeerMeasurement> {
  const { source, schema, maxRows, memoryLimit, python } = setup;
  const trainPath = join(folder, 'train.f32');
  let rows: { readonly count: number };
  try {
    rows = await writeTrainingRows({ source, schema, path: trainPath, maxRows, memoryLimit });
  } catch (thrown) {
    if (setup.named) throw thrown;
    const reason = `the data that the model was trained on cannot be read (${toAristarchError(thrown).message}); give --train-data`;
    return { peers: absentPeers(reason), peerTrainingRows: 0 };
  }
  const peers = await runPeers({ schema, trainPath, testPath, anomalous, seed: source.seed, folder, python });
  return { peers, peerTrainingRows: rows.count };
}

import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import { cached } from '../support/cached.ts';
import { prepareSet, type PreparedSet } from '../support/detector.ts';
import { readOpenSet, type OpenSet } from '../support/open-sets.ts';
import { PROTOCOLS, type ProtocolName } from '../support/protocols.ts';

const SCRIPT = resolve(import.meta.dirname, 'peers.py');

const peerSchema = z.object({
  family: z.enum(['adbench', 'mvtec-features']),
  set: z.string(),
  seed: z.number(),
  method: z.string(),
  library: z.string(),
  auroc: z.number(),
  averagePrecision: z.number(),
  /** Processor time of training and scoring. */
  seconds: z.number(),
});
/** A peer on one set and seed. */
export type PeerMeasurement = z.infer<typeof peerSchema>;

const answerSchema = z.object({
  library: z.string(),
  runs: z.array(z.object({ method: z.string(), scores: z.string(), seconds: z.number() })),
});

export interface PeerOptions {
  readonly python: string;
  readonly protocol: ProtocolName;
  readonly seeds: readonly number[];
  readonly fresh: boolean;
}

/** Why scikit-learn cannot be asked, or null. */
export function whyNoPeers(python: string): string | null {
  const { status } = spawnSync(python, ['-c', 'import sklearn']);
  return status === 0 ? null : `"${python} -c 'import sklearn'" fails; set ARISTARCH_PYTHON, or leave peers out`;
}

/** The peers of scikit-learn, and of PyOD where it is installed, in the same split, with each seed. */
export async function measurePeers(set: OpenSet, options: PeerOptions): Promise<PeerMeasurement[]> {
  const { protocol, seeds, fresh, python } = options;
  const labelled = await readOpenSet(set);
  const all: PeerMeasurement[] = [];
  for (const seed of seeds) {
    const { value } = await cached(
      { key: `peers-${protocol}/${set.name}-${seed}`, schema: z.array(peerSchema), fresh },
      async () => {
        const prepared = prepareSet(labelled, PROTOCOLS[protocol](labelled.anomalous, seed));
        const runs = await askPython(python, prepared, { seed, gans: seed === seeds[0] });
        return runs.map((run) => ({ family: set.family, set: set.name, seed, ...run }));
      },
    );
    all.push(...value);
  }
  return all;
}

type PeerRun = Omit<PeerMeasurement, 'family' | 'set' | 'seed'>;

/** GANs take minutes where the others take seconds: one seed has to do for them. */
interface PeerJob {
  readonly seed: number;
  readonly gans: boolean;
}

async function askPython(
  python: string,
  { train, test, anomalous }: PreparedSet,
  options: PeerJob,
): Promise<PeerRun[]> {
  const out = await mkdtemp(join(tmpdir(), 'aristarch-peers-'));
  try {
    const job = { train: join(out, 'train.f32'), test: join(out, 'test.f32'), width: train.shape[1], out, ...options };
    await writeFile(job.train, train.data);
    await writeFile(job.test, test.data);
    await writeFile(join(out, 'job.json'), JSON.stringify(job));
    const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
    const { status, stdout, stderr } = spawnSync(python, [SCRIPT, join(out, 'job.json')], { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`peers.py ended with status ${String(status)}: ${stderr}`);
    for (const line of stderr.split('\n').filter((text) => /^\w+: /.test(text))) console.error(`  ${line}`);
    const { library, runs } = answerSchema.parse(JSON.parse(stdout));
    return await Promise.all(
      runs.map(async ({ method, scores, seconds }) => {
        const bytes = await readFile(scores);
        const metrics = rankingMetrics(new Float64Array(Uint8Array.from(bytes).buffer), anomalous);
        return { method, library, seconds, auroc: metrics.auroc, averagePrecision: metrics.averagePrecision };
      }),
    );
  } finally {
    await rm(out, { recursive: true });
  }
}

import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { z } from 'zod';
import { AristarchError, messageOf } from '../../base/errors.ts';
import { rowWidth, type FeatureSchema, type Field } from '../../models/features/schema.ts';
import { rankingMetrics, type RankingMetrics } from '../ranking-metrics.ts';

export const PEER_NAMES = ['knn', 'isolationForest'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

/** One peer on one treatment of the rows. */
export interface PeerRun extends RankingMetrics {
  readonly treatment: string;
  readonly seconds: number;
}

/** A peer's better treatment (by AUROC on the test rows, a favour that the model itself is not done), and all of them. */
export type PeerResult =
  | ({ readonly status: 'measured'; readonly library: string; readonly treatments: readonly PeerRun[] } & PeerRun)
  | { readonly status: 'absent'; readonly reason: string };

export type PeerResults = Readonly<Record<PeerName, PeerResult>>;

export interface PeerJob {
  readonly schema: FeatureSchema;
  /** Files of raw rows, float32, packed. */
  readonly trainPath: string;
  readonly testPath: string;
  readonly anomalous: Uint8Array;
  readonly seed: number;
  /** A folder for files that nobody needs afterwards. */
  readonly folder: string;
  /** The interpreter: `python3`, or what ARISTARCH_PYTHON says. */
  readonly python: string;
}

/** From the root of the package, so that the compiled file finds the same script. */
const SCRIPT = fileURLToPath(new URL('../../../src/scoring/peers/peers.py', import.meta.url));
const INSTALL = 'pip install scikit-learn, or set ARISTARCH_PYTHON to a Python that has it';

const answerSchema = z.object({
  library: z.string(),
  runs: z.array(z.object({ peer: z.enum(PEER_NAMES), treatment: z.string(), scores: z.string(), seconds: z.number() })),
});

/** Runs the peers in Python. Where there is no Python or no scikit-learn, they are absent, with the reason. */
export async function runPeers(job: PeerJob): Promise<PeerResults> {
  const jobPath = join(job.folder, 'job.json');
  await writeFile(jobPath, JSON.stringify(toScriptJob(job)));
  const { status, stdout, stderr } = await runPython(job.python, [SCRIPT, jobPath]);
  if (status !== 0) return absentPeers(explain(job.python, status, stderr));
  const { library, runs } = answerSchema.parse(JSON.parse(stdout));
  const measured = await Promise.all(
    runs.map(async (run) => {
      const metrics = rankingMetrics(await readScores(run.scores, job.anomalous.length), job.anomalous);
      return { peer: run.peer, result: { treatment: run.treatment, ...metrics, seconds: run.seconds } };
    }),
  );
  const resultOf = (peer: PeerName) =>
    toResult(
      library,
      measured.filter((run) => run.peer === peer).map(({ result }) => result),
    );
  return { knn: resultOf('knn'), isolationForest: resultOf('isolationForest') };
}

export function absentPeers(reason: string): PeerResults {
  const absent = { status: 'absent', reason } as const;
  return { knn: absent, isolationForest: absent };
}

function toResult(library: string, treatments: readonly PeerRun[]): PeerResult {
  const [best] = treatments.toSorted((a, b) => b.auroc - a.auroc);
  return best === undefined
    ? { status: 'absent', reason: 'it was not run' }
    : { status: 'measured', library, ...best, treatments };
}

function toScriptJob({ schema, trainPath, testPath, seed, folder }: PeerJob) {
  const width = rowWidth(schema);
  const fields = schema.fields.map((field) => ({
    kind: field.kind,
    missing: field.missing,
    levels: countLevels(field),
  }));
  // To the peers an image is its pixels.
  const pixels = schema.image ? Array.from({ length: width }, () => PIXEL) : [];
  return { train: trainPath, test: testPath, width, fields: [...fields, ...pixels], seed, out: folder };
}

const PIXEL = { kind: 'number', missing: false, levels: 0 } as const;

function countLevels(field: Field): number {
  return field.kind === 'category' ? field.levels.length : 0;
}

async function readScores(path: string, count: number): Promise<Float64Array> {
  const bytes = await readFile(path);
  const scores = new Float64Array(Uint8Array.from(bytes).buffer);
  if (scores.length === count && scores.every(Number.isFinite)) return scores;
  throw new AristarchError(
    'INTERNAL',
    `the peers gave ${scores.length} scores for ${count} rows, or some that are not finite`,
  );
}

interface Ended {
  /** Exit status; null where the interpreter could not be started or was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runPython(python: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'pipe'], env: process.env });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => resolve({ status: null, stdout, stderr: describeSpawnError(error) }));
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

function describeSpawnError(error: unknown): string {
  const missing = types.isNativeError(error) && 'code' in error && error.code === 'ENOENT';
  return missing ? 'it is not installed' : messageOf(error);
}

function explain(python: string, status: number | null, stderr: string): string {
  const module = /ModuleNotFoundError: No module named '([^'.]+)/.exec(stderr)?.[1];
  if (module !== undefined) return `${python} has no ${module === 'sklearn' ? 'scikit-learn' : module}: ${INSTALL}`;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  if (status === null) return `${python} cannot be run (${last}): ${INSTALL}`;
  return `${python} failed on the peers' script with status ${status}: ${last}`;
}

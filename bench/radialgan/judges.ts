import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { rankingMetrics } from '../../src/scoring/ranking-metrics.ts';
import type { Matrix } from './encode.ts';

const SCRIPT = resolve(import.meta.dirname, 'judges.py');

export interface JudgeJob {
  readonly judge: 'classifiers' | 'neighbours';
  readonly train: Matrix;
  /** Of the training rows. */
  readonly classes: readonly number[];
  readonly test: Matrix;
  readonly seed: number;
}

/** scikit-learn's models, in a process that is started once. */
export interface Judges {
  readonly library: string;
  /** AUROC of the test rows' classes, by the judge's name. One call at a time. */
  judge(job: JudgeJob, testClasses: Uint8Array): Promise<Record<string, number>>;
  /** Ends the process. */
  close(): Promise<void>;
}

/** `python`: an interpreter with scikit-learn. Throws with its own words where it has none. */
export async function openJudges(python: string): Promise<Judges> {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(python, [SCRIPT], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise((done) => child.once('close', done));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  child.on('error', ({ message }) => (complaint += message));
  // What is written to a process that has ended is lost; the missing answer says so.
  child.stdin.on('error', () => undefined);
  const lines: AsyncIterator<string> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`${python} ${SCRIPT} ended: ${complaint}`);
    return JSON.parse(line.value) as unknown;
  };
  const { library } = z.object({ library: z.string() }).parse(await answer());
  return {
    library,
    judge: async (job, testClasses) => {
      child.stdin.write(`${JSON.stringify(job)}\n`);
      const scores = z.record(z.string(), z.array(z.number())).parse(await answer());
      return Object.fromEntries(
        Object.entries(scores).map(([name, values]) => [name, rankingMetrics(values, testClasses).auroc]),
      );
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}

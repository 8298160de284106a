import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ROWS_INPUT } from '../../src/models/scoring-graph.ts';
import { answerParent } from './child.ts';

export interface EngineQuestion {
  /** The critic's file. */
  readonly file: string;
  readonly rows: number;
  readonly width: number;
  readonly seconds: number;
  readonly threads: number;
}

/** Rows a second of ONNX Runtime by itself: the same file, the same threads, no network and nothing of ours. */
async function measure({ file, rows, width, seconds, threads }: EngineQuestion): Promise<number> {
  const session = await InferenceSession.create(await readFile(file), {
    ...{ intraOpNumThreads: threads, interOpNumThreads: 1, graphOptimizationLevel: 'all' },
    extra: { session: { set_denormal_as_zero: '1', intra_op: { allow_spinning: threads > 1 ? '1' : '0' } } },
  });
  const data = Float32Array.from({ length: rows * width }, (_, index) => Math.sin(1.7 * index));
  const run = () => session.run({ [ROWS_INPUT]: new Tensor('float32', data, [rows, width]) });
  await run();
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < 1000 * seconds; runs++) await run();
  const elapsedSeconds = (performance.now() - start) / 1000;
  await session.release();
  return (runs * rows) / elapsedSeconds;
}

answerParent(measure);

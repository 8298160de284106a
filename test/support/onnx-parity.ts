import { join } from 'node:path';
import type { Detector } from '../../src/scoring/detector.ts';
import { runPythonJson } from './python.ts';

/** Scores raw rows by Python's onnxruntime; NaN and infinities travel as text, which JSON lacks. */
const SCORE = `
import json, sys
import numpy as np
import onnxruntime
job = json.load(sys.stdin)
rows = np.array([float(value) for value in job["rows"]], dtype=np.float32).reshape(-1, job["width"])
session = onnxruntime.InferenceSession(job["critic"], providers=["CPUExecutionProvider"])
assert [i.name for i in session.get_inputs()] == ["rows"], session.get_inputs()
assert [o.name for o in session.get_outputs()] == ["scores"], session.get_outputs()
scores = session.run(["scores"], {"rows": rows})[0]
assert scores.shape == (len(rows),) and scores.dtype == np.float32, (scores.shape, scores.dtype)
json.dump([float(score) for score in scores], sys.stdout)
`;

export function scoreInPython(folder: string, rows: Float32Array, width: number): number[] {
  const job = { critic: join(folder, 'critic.onnx'), rows: Array.from(rows, String), width };
  return runPythonJson(SCORE.replaceAll('Infinity', 'inf'), job) as number[];
}

/** The largest difference between Python's scores and ours, relative to 1 + |score|, over these raw rows. */
export async function parityGap(folder: string, detector: Detector, rows: Float32Array): Promise<number> {
  const { scores } = await detector.score(rows);
  const theirs = scoreInPython(folder, rows, detector.description.rowWidth);
  if (theirs.length !== scores.length) throw new Error(`Python gave ${theirs.length} scores for ${scores.length} rows`);
  return Math.max(...theirs.map((score, row) => Math.abs(score - scores[row]!) / (1 + Math.abs(score))));
}

/** Raw rows that try every kind of value in every slot: ordinary, huge, tiny, infinite, missing, unseen levels. */
export function createHardRows(width: number, count: number): Float32Array {
  const values = [0, 1, -1, 0.5, 3, 1e-30, -1e30, 3.4e38, 86_399, 12_345.678, Infinity, -Infinity, NaN];
  return Float32Array.from(
    { length: width * count },
    (_, i) => values[(i * 7 + Math.floor(i / width) * 5) % values.length]!,
  );
}

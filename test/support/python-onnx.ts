import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { NamedArrays } from '../../src/runtime/executor.ts';
import { pythonPath } from './needs.ts';

const SCRIPT = resolve(import.meta.dirname, 'run_onnx.py');
const answerSchema = z.array(z.record(z.string(), z.object({ shape: z.array(z.number()), data: z.array(z.number()) })));
export type PythonAnswer = z.infer<typeof answerSchema>[number];

export interface PythonFeed {
  readonly type: 'float32' | 'int64';
  readonly shape: readonly number[];
  /** No NaN and no infinities: JSON has none. */
  readonly data: readonly number[];
}
export interface PythonModel {
  readonly onnx: Uint8Array;
  readonly feeds: Readonly<Record<string, PythonFeed>>;
}

/** Checks models with onnx.checker and runs each with Python's onnxruntime. Throws what Python says. */
export function runInPython(models: readonly PythonModel[]): PythonAnswer[] {
  const folder = mkdtempSync(join(tmpdir(), 'aristarch-onnx-'));
  try {
    const input = models.map(({ onnx, feeds }, index) => {
      const path = join(folder, `${index}.onnx`);
      writeFileSync(path, onnx);
      return { path, feeds };
    });
    const options = { input: JSON.stringify(input), encoding: 'utf8', env: process.env, maxBuffer: 2 ** 26 } as const;
    const { status, stdout, stderr } = spawnSync(pythonPath(), [SCRIPT], options);
    if (status !== 0) throw new Error(stderr);
    return answerSchema.parse(JSON.parse(stdout));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function toPython(feeds: NamedArrays): Record<string, PythonFeed> {
  const entries = Object.entries(feeds).map(([name, { shape, data }]) => [
    name,
    { type: 'float32', shape, data: [...data] },
  ]);
  return Object.fromEntries(entries) as Record<string, PythonFeed>;
}

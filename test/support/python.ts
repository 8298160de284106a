import { spawnSync } from 'node:child_process';
import { pythonPath } from './needs.ts';

/** Runs a Python script given as text; `input` is its standard input as JSON, the answer its standard output as JSON. */
export function runPythonJson(script: string, input: unknown): unknown {
  const { status, stdout, stderr } = spawnSync(pythonPath(), ['-c', script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    env: process.env,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) throw new Error(`Python ended with status ${String(status)}: ${stderr}`);
  return JSON.parse(stdout);
}

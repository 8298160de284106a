import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { AristarchError } from '../../src/base/errors.ts';
import { TFJS_FOLDER_VARIABLE } from '../../src/runtime/tfjs/folder.ts';

/** What a set-up is found to be. */
export interface Finding {
  /** Of TensorFlow. */
  readonly version: string;
  readonly usesGpu: boolean;
  /** As the executor describes itself. */
  readonly description: string;
}

/** Opens the executor on what lies in a folder, in a process of its own, which computes a product. Throws `DEVICE_UNAVAILABLE`. */
export async function tryOut(folder: string): Promise<Finding> {
  const script = join(import.meta.dirname, 'try-out-child.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script], {
    env: { ...process.env, [TFJS_FOLDER_VARIABLE]: folder },
    encoding: 'utf8',
  });
  if (status === 0) return Promise.resolve(JSON.parse(stdout.trim().split('\n').at(-1)!) as Finding);
  const said = stderr.trim().split('\n').slice(-12);
  throw new AristarchError('DEVICE_UNAVAILABLE', ['TensorFlow was built and does not compute:', ...said].join('\n  '));
}

import { join } from 'node:path';
import { z } from 'zod';
import { TFJS_FOLDER_VARIABLE } from '../../src/runtime/tfjs/folder.ts';
import { runTool } from '../set-up/run-tool.ts';

const findingSchema = z.object({
  /** Of TensorFlow. */
  version: z.string(),
  usesGpu: z.boolean(),
  /** As the executor describes itself. */
  description: z.string(),
});
/** What a set-up is found to be. */
export type Finding = z.infer<typeof findingSchema>;

/** TensorFlow starts within seconds; on a GPU that it has no kernels for it compiles them first, which takes minutes. */
const LIMIT_MS = 600_000;

/**
 * Opens the executor on what lies in a folder, in a process of its own, which computes a product. Throws `UNAVAILABLE` where it does not
 * compute, or not within `limitMs`.
 */
export async function tryOut(folder: string, signal?: AbortSignal, limitMs = LIMIT_MS): Promise<Finding> {
  const script = join(import.meta.dirname, 'try-out-child.ts');
  const out = await runTool(process.execPath, ['--import', 'tsx', script], {
    ...{ env: { ...process.env, [TFJS_FOLDER_VARIABLE]: folder }, signal, limitMs },
    remedy: `TensorFlow in ${folder} does not compute.`,
  });
  return findingSchema.parse(JSON.parse(out.trim().split('\n').at(-1)!));
}

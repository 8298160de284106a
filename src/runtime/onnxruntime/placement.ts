import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { Placement } from '../executor.ts';
import { InferenceSession, Tensor } from './engine.ts';
import type { SessionOptions } from './session-options.ts';

/**
 * Opens a session that was asked where its nodes run: it runs once, on zeros of one row, under the engine's own profile, which names
 * each node with its provider. onnxruntime-node 1.30 gives no other way: the C API's `Session_GetEpGraphAssignmentInfo` is not bound
 * (js/node/src/inference_session_wrap.cc), and the log goes to the process's standard error. The run also compiles the kernels.
 */
export async function openPlaced(
  onnx: Uint8Array,
  options: SessionOptions,
): Promise<{ session: InferenceSession; placement: Placement }> {
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-nodes-'));
  try {
    const profile = { enableProfiling: true, profileFilePrefix: join(folder, 'nodes') };
    const session = await InferenceSession.create(onnx, { ...options, ...profile });
    try {
      const results = await session.run(zerosFor(session));
      for (const tensor of Object.values(results)) tensor.dispose();
      session.endProfiling();
      const [name] = await readdir(folder);
      const text = name === undefined ? '[]' : await readFile(join(folder, name), 'utf8');
      return { session, placement: readPlacement(text) };
    } catch (thrown) {
      await session.release();
      throw thrown;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const profileSchema = z.array(
  z.object({
    name: z.string(),
    args: z.object({ provider: z.string().optional(), op_name: z.string().optional() }).optional(),
  }),
);
const CPU = 'CPUExecutionProvider';

/** Reads a profile of ONNX Runtime: an event for each run of a node, `.v12_kernel_time`. */
export function readPlacement(profile: string): Placement {
  const seen = new Map<string, { readonly operator: string; readonly isOnCpu: boolean }>();
  for (const { name, args } of profileSchema.parse(JSON.parse(profile))) {
    if (args?.provider === undefined || args.op_name === undefined) continue;
    const node = name.replace(/_kernel_time$/, '');
    seen.set(node, { operator: args.op_name, isOnCpu: args.provider === CPU });
  }
  const onCpu = [...seen].filter(([, { isOnCpu }]) => isOnCpu);
  return {
    onDevice: seen.size - onCpu.length,
    onCpu: onCpu.map(([node, { operator }]) => `${operator} (${node})`),
  };
}

/** Zeros of the inputs' shapes; an open length is 1, and a count of steps is 1. */
function zerosFor({ inputMetadata }: InferenceSession): Record<string, Tensor> {
  const entries = inputMetadata.map((input): [string, Tensor] => {
    if (!input.isTensor) throw new TypeError(`${input.name} is no tensor`);
    const shape = input.shape.map((length) => (typeof length === 'number' ? length : openLength(length)));
    const size = shape.reduce((product, length) => product * length, 1);
    return input.type === 'int64'
      ? [input.name, new Tensor('int64', new BigInt64Array(size).fill(1n), shape)]
      : [input.name, new Tensor('float32', new Float32Array(size), shape)];
  });
  return Object.fromEntries(entries);
}

/** `N` is one row, `N*8` eight for it. */
const openLength = (symbol: string): number => Number(/\*(\d+)$/.exec(symbol)?.[1] ?? 1);

/** The sentence for people. A profile without any node is no proof of anything. */
export function describePlacement(name: string, device: string, { onCpu, onDevice }: Placement): string {
  const all = onCpu.length + onDevice;
  if (all === 0) return `${name}: ONNX Runtime does not say whether its operators run on ${device}`;
  if (onCpu.length === 0) return `${name}: all ${all} operators run on ${device}`;
  const rest = onDevice > 0 ? `the rest on ${device}` : `none on ${device}`;
  return `${name}: ${onCpu.length} of ${all} operators run on the CPU, ${rest}: ${onCpu.join(', ')}`;
}

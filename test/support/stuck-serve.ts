import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { input, matMul } from '../../src/graph/operations.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import type { Detector, OpenDetectorOptions } from '../../src/scoring/detector.ts';
import { createServeCommand } from '../../src/server/command.ts';
import { createDetectorDouble } from './detector-double.ts';

/** The `serve` command as a process of its own, with a model that is stuck: in the inference thread, or while it is opened. */
const SIDE = 2048;
const STEPS = 2000;

/** Minutes of work for ONNX Runtime, which nothing interrupts. */
async function computeLong({ inference }: OpenDetectorOptions): Promise<void> {
  const start = input('rows', [SIDE, SIDE]);
  let product: Tensor = start;
  for (let step = 0; step < STEPS; step++) product = matMul(product, start);
  const onnx = emitGraph(createGraph('critic', [start], { scores: product }));
  if (inference === undefined || 'absent' in inference.thread) throw new Error('there is no inference thread');
  const session = inference.thread.open(() => Promise.resolve(onnx), 1);
  await session.load();
  void session.run({ rows: { data: new Float32Array(SIDE * SIDE), shape: [SIDE, SIDE] } }).catch(() => undefined);
}

const OPENINGS: Readonly<Record<string, (options: OpenDetectorOptions) => Promise<Detector>>> = {
  computes: async (options) => {
    await computeLong(options);
    return createDetectorDouble();
  },
  opens: () => {
    // What keeps a process that waits for a file system.
    setInterval(() => undefined, 1000);
    return new Promise(() => undefined);
  },
};

const [, , stuck, ...args] = process.argv;
const openDetector = (_: string, options: OpenDetectorOptions) => OPENINGS[stuck!]!(options);
await createServeCommand({ openDetector }).parseAsync(args, { from: 'user' });

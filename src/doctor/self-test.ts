import { AristarchError, toAristarchError } from '../base/errors.ts';
import { createRandom } from '../base/philox.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import { constant, input, reshape } from '../graph/operations.ts';
import { BATCH, sizeOf } from '../graph/shape.ts';
import { createMlp } from '../models/layers/mlp.ts';
import type { Device, Executor, NamedArrays, Session } from '../runtime/executor.ts';
import type { Hardware } from '../runtime/hardware/hardware.ts';
import { openExecutor } from '../runtime/open-executor.ts';

/** What a device did with a critic of the usual size. */
export interface SelfTestResult {
  readonly device: Device;
  /** Engine, version, device, threads. */
  readonly description: string;
  /** What it computed on, as far as the engine says. */
  readonly hardware: Hardware;
  /** The largest difference of a score from the CPU's, over 1 + the score's size; null where a score is no number. */
  readonly difference: number | null;
  /** Whether that is within `TOLERANCE`. */
  readonly agrees: boolean;
  readonly rowsPerSecond: number;
  /** Rows in a call of that rate. */
  readonly rows: number;
  /** Median time of a call of one row. */
  readonly oneRowMs: number;
  /** What opening the device and compiling took: drivers, libraries, kernels. */
  readonly startMs: number;
  readonly remarks: readonly string[];
}

/** Of float32 sums that are added up in another order. */
export const TOLERANCE = 1e-4;
const WIDTHS = [64, 256, 256, 1] as const;
const ROWS = 4096;

/** Scores rows on a device for so many seconds, beside the CPU. Throws `DEVICE_UNAVAILABLE`; a driver may end the process. */
export async function runSelfTest(device: Device, seconds: number): Promise<SelfTestResult> {
  const remarks: string[] = [];
  const graph = criticGraph();
  const [many, one] = [rowsOf(ROWS), rowsOf(1)];
  const start = performance.now();
  const executor = await openExecutor({ device, threads: 1, warn: (remark) => remarks.push(remark) });
  const session = await executor.compile(graph);
  const scores = await scoresOf(session, many);
  const startMs = performance.now() - start;
  const difference = differenceOf(scores, await scoresOfCpu(device, graph, many));
  const manyMs = await timeCalls(session, many, (seconds * 1000 * 4) / 5);
  const oneMs = await timeCalls(session, one, (seconds * 1000) / 5);
  await session.close();
  await executor.close();
  return {
    ...{
      device,
      description: executor.description,
      hardware: executor.hardware,
      difference: Number.isNaN(difference) ? null : difference,
      agrees: difference <= TOLERANCE,
    },
    ...{ rowsPerSecond: (1000 * ROWS) / manyMs, rows: ROWS, oneRowMs: oneMs, startMs, remarks },
  };
}

/** What the device's scores are held beside. Throws `DEVICE_UNAVAILABLE`. */
async function scoresOfCpu(device: Device, graph: Graph, rows: NamedArrays): Promise<Float32Array> {
  try {
    return await scoreOnce(await openExecutor({ device: 'cpu', threads: 1, warn: ignore }), graph, rows);
  } catch (thrown) {
    const { message } = toAristarchError(thrown);
    const text = `device ${device} computes, and there are no scores to hold its own beside: ${message}`;
    throw new AristarchError('DEVICE_UNAVAILABLE', text, { device }, thrown);
  }
}

const ignore = (): void => undefined;

/** A critic of the default width, its weights as training would draw them: rows [N, 64] -> scores [N]. */
function criticGraph(): Graph {
  const critic = createMlp({ name: 'critic', widths: WIDTHS, slope: 0.2 });
  const random = createRandom(1);
  const rows = input('rows', [BATCH, WIDTHS[0]]);
  const scores = critic.apply(rows, ({ name, shape, deviation }) => {
    const values = new Float32Array(sizeOf(shape));
    random.stream(name).fillNormal(values, 0);
    return constant(
      values.map((value) => value * deviation),
      shape,
    );
  });
  return createGraph('self-test', [rows], { scores: reshape(scores, [BATCH]) });
}

function rowsOf(count: number): NamedArrays {
  const data = new Float32Array(count * WIDTHS[0]);
  createRandom(2).stream('rows').fillNormal(data, 0);
  return { rows: { data, shape: [count, WIDTHS[0]] } };
}

async function scoreOnce(executor: Executor, graph: Graph, rows: NamedArrays): Promise<Float32Array> {
  const session = await executor.compile(graph);
  const scores = await scoresOf(session, rows);
  await session.close();
  await executor.close();
  return scores;
}

const scoresOf = async (session: Session, rows: NamedArrays): Promise<Float32Array> =>
  (await session.run(rows))['scores']!.data;

/** Not a number where a score is none, so that it is above every tolerance. */
export function differenceOf(scores: Float32Array, expected: Float32Array): number {
  return expected.reduce((worst, value, row) => {
    const apart = Math.abs((scores[row] ?? NaN) - value) / (1 + Math.abs(value));
    return Number.isNaN(worst) || apart <= worst ? worst : apart;
  }, 0);
}

/** Median milliseconds of a call, of as many as there is time for; one at least. */
export async function timeCalls(session: Session, feeds: NamedArrays, forMs: number): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + forMs;
  do {
    const start = performance.now();
    await session.run(feeds);
    times.push(performance.now() - start);
  } while (performance.now() < end);
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}

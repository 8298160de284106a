import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGraph } from '../../src/graph/graph.ts';
import { emitGraph } from '../../src/graph/onnx/emit-graph.ts';
import { clip, constant, cos, input, matMul, reshape } from '../../src/graph/operations.ts';
import { BATCH } from '../../src/graph/shape.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../src/models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../src/runtime/executor.ts';
import { openOrtExecutor } from '../../src/runtime/onnxruntime/executor.ts';
import type { RowPrograms } from '../../src/scoring/inference/row-programs.ts';
import { type SingleRowParts, withSingleRow } from '../../src/scoring/inference/single-row.ts';
import { trialRows } from '../../src/scoring/inference/trial-rows.ts';

export const WIDTH = 4;
const weights = constant([0.5, -1, 2, 0.25], [WIDTH, 1]);
/** Rows that come alone, after which there is a program. */
export const AFTER = 3;

/** So slow that whatever is measured, the program is faster. */
const SLOW_MS = 2;

export interface Counted extends Session {
  /** Rows of each of its runs. */
  readonly runs: number[];
}

export async function openSlow(
  onnx: Uint8Array,
  change = (scores: Float32Array): Float32Array => scores,
): Promise<Counted> {
  const executor = await openOrtExecutor({ provider: 'cpu', threads: 1 });
  const session = await executor.load(onnx);
  const runs: number[] = [];
  const runNow = (feeds: NamedArrays): NamedArrays => {
    runs.push(feeds[ROWS_INPUT]!.shape[0]!);
    const untilMs = performance.now() + SLOW_MS;
    while (performance.now() < untilMs);
    const { data, shape } = session.runNow!(feeds)[SCORES_OUTPUT]!;
    return { [SCORES_OUTPUT]: { data: change(data), shape } };
  };
  return { ...session, runNow, runs };
}

export function modelOf(score: (x: Tensor) => Tensor): Uint8Array {
  const rows = input(ROWS_INPUT, [BATCH, WIDTH]);
  return emitGraph(createGraph('critic', [rows], { [SCORES_OUTPUT]: reshape(matMul(score(rows), weights), [BATCH]) }));
}

export function scores(session: Session, ...rows: number[]): number[] {
  const feeds = { [ROWS_INPUT]: { data: Float32Array.from(rows), shape: [rows.length / WIDTH, WIDTH] } };
  return [...session.runNow!(feeds)[SCORES_OUTPUT]!.data];
}

const FIELDS = Array.from(
  { length: WIDTH },
  (_, index) => ({ name: `f${index}`, kind: 'number', missing: false, integer: false }) as const,
);
/** A model of cosines that a program is sure of. */
export const BOUNDED = modelOf((x) => cos(clip(x, -20, 20)));
export const [A, B] = [
  [0.1, 0.2, 0.3, 0.4],
  [1, 2, 3, 4],
] as const;

/** Turns of an event loop, taken one by one. */
export function turnsByHand() {
  const waiting: (() => void)[] = [];
  return {
    waiting,
    later: () => new Promise<void>((resolve) => void waiting.push(resolve)),
    take: async () => {
      waiting.shift()?.();
      await nextTurn();
    },
  };
}

export interface Opened {
  readonly session: Session;
  readonly told: string[];
  /** How often the file was read. */
  readonly reads: () => number;
}

export function open(
  slow: Session,
  onnx: Uint8Array,
  rowPrograms: RowPrograms,
  other: Partial<SingleRowParts> = {},
): Opened {
  let reads = 0;
  const told: string[] = [];
  const session = withSingleRow(slow, {
    ...{ rowPrograms, rowWidth: WIDTH, tell: (outcome) => told.push(outcome) },
    trialRows: () => trialRows({ fields: FIELDS, excluded: [] }, []),
    read: () => {
      reads++;
      return Promise.resolve(onnx);
    },
    ...other,
  });
  return { session, told, reads: () => reads };
}

export const callAlone = (session: Session, times = AFTER): number[] =>
  Array.from({ length: times }, () => scores(session, ...A)[0]!);

import type { Result } from './result.ts';

/** What must hold on two cores, clients included. */
export const BARS = {
  /** Unary calls a second, of the echo's: the smallest of 1, 16 and 100 callers. */
  unary: 0.75,
  /** Rows a second of dense batches, of ONNX Runtime alone. */
  dense: 0.6,
  /** p99 at half load, in times of the echo's. */
  halfLoad: 3,
  /** Answered in time at three times the capacity, of the peak. */
  goodput: 0.9,
  startSeconds: 1,
  /** Memory after all rows, of that after the first tenth. */
  memory: 1.1,
  /** Unary calls a second, in MLServer's with the same file, by number of callers. */
  mlserver: { 16: 5, 100: 6 } as Readonly<Record<number, number>>,
} as const;

/** The part of a result that a bar is held against. */
type Part = 'unary' | 'dense' | 'halfLoad' | 'overload' | 'start' | 'memory' | 'mlserver';

export interface Check {
  readonly part: Part;
  readonly name: string;
  readonly value: string;
  readonly bar: string;
  readonly met: boolean;
}

export function checkBars({ unary, dense, halfLoad, overload, start, memory, mlserver }: Result): Check[] {
  const atLeast = (part: Part, name: string, value: number, bar: number): Check => ({
    ...{ part, name, value: value.toFixed(2), bar: `at least ${bar}`, met: value >= bar },
  });
  const below = (part: Part, name: string, value: number, bar: number): Check => ({
    ...{ part, name, value: value.toFixed(2), bar: `below ${bar}`, met: value < bar },
  });
  return [
    ...(unary
      ? [atLeast('unary', 'unary calls, of the echo', Math.min(...unary.map(({ ratio }) => ratio)), BARS.unary)]
      : []),
    ...(dense ? [atLeast('dense', 'dense batches, of ONNX Runtime alone', dense.ratioToEngine, BARS.dense)] : []),
    ...(halfLoad ? [below('halfLoad', "p99 at half load, in the echo's", halfLoad.p99Times, BARS.halfLoad)] : []),
    ...(overload ?? []).flatMap(({ rows, offers }) => {
      const { share, tooLate, times } = offers.at(-1)!;
      return [
        atLeast('overload', `goodput at ${times}x, of the peak, ${rows} rows a call`, share, BARS.goodput),
        below('overload', `accepted calls over a tenth late at ${times}x, ${rows} rows a call`, tooLate, 1),
      ];
    }),
    ...(start ? [below('start', 'start to SERVING, s', start.median, BARS.startSeconds)] : []),
    ...(memory
      ? [below('memory', 'memory at the end, of that after a tenth', lastOfFirst(memory.mebibytes), BARS.memory)]
      : []),
    ...(mlserver?.results ?? []).flatMap(({ name, callers, times }) => {
      const bar = BARS.mlserver[callers];
      return bar === undefined ? [] : [atLeast('mlserver', `unary calls in MLServer's, ${name}`, times, bar)];
    }),
  ];
}

function lastOfFirst(values: readonly number[]): number {
  return values.at(-1)! / values[0]!;
}

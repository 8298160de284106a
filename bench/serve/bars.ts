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

export interface Check {
  readonly name: string;
  readonly value: string;
  readonly bar: string;
  readonly met: boolean;
}

export function checkBars({ unary, dense, halfLoad, overload, start, memory, mlserver }: Result): Check[] {
  const atLeast = (name: string, value: number, bar: number): Check => ({
    ...{ name, value: value.toFixed(2), bar: `at least ${bar}`, met: value >= bar },
  });
  const below = (name: string, value: number, bar: number): Check => ({
    ...{ name, value: value.toFixed(2), bar: `below ${bar}`, met: value < bar },
  });
  return [
    ...(unary ? [atLeast('unary calls, of the echo', Math.min(...unary.map(({ ratio }) => ratio)), BARS.unary)] : []),
    ...(dense ? [atLeast('dense batches, of ONNX Runtime alone', dense.ratioToEngine, BARS.dense)] : []),
    ...(halfLoad ? [below("p99 at half load, in the echo's", halfLoad.p99Times, BARS.halfLoad)] : []),
    ...(overload ?? []).flatMap(({ rows, offers }) => {
      const { share, tooLate, times } = offers.at(-1)!;
      return [
        atLeast(`goodput at ${times}x, of the peak, ${rows} rows a call`, share, BARS.goodput),
        below(`accepted calls over a tenth late at ${times}x, ${rows} rows a call`, tooLate, 1),
      ];
    }),
    ...(start ? [below('start to SERVING, s', start.median, BARS.startSeconds)] : []),
    ...(memory ? [below('memory at the end, of that after a tenth', lastOfFirst(memory.mebibytes), BARS.memory)] : []),
    ...(mlserver?.results ?? []).flatMap(({ name, callers, times }) => {
      const bar = BARS.mlserver[callers];
      return bar === undefined ? [] : [atLeast(`unary calls in MLServer's, ${name}`, times, bar)];
    }),
  ];
}

function lastOfFirst(values: readonly number[]): number {
  return values.at(-1)! / values[0]!;
}

import type { StateValues } from './state.ts';

export interface Divergence {
  /** Step within the call at which it shows. */
  readonly step: number;
  readonly reason: string;
}

/** A loss this many times its usual size is an explosion, not noise. */
const EXPLOSION = 1000;
/** Losses below this size are never called an explosion: at the start a critic's loss is near zero. */
const LEAST_EXPLOSION = 1e4;
/** Steps at the end of the history that say what is usual. */
const USUAL_STEPS = 200;

type History = Readonly<Record<string, readonly number[]>>;

/** Looks for values that are not finite and for losses that explode; null where all is well. */
export function findDivergence(history: History, values: History, state: StateValues): Divergence | null {
  for (const [name, series] of Object.entries(values)) {
    const limit = Math.max(LEAST_EXPLOSION, EXPLOSION * usualSize(history[name] ?? []));
    const step = series.findIndex((value) => !(Math.abs(value) <= limit));
    if (step >= 0) return { step, reason: `${name} is ${String(series[step])}` };
  }
  const bad = Object.entries(state).find(([, array]) => array.some((value) => !Number.isFinite(value)));
  return bad ? { step: 0, reason: `${bad[0]} is not finite` } : null;
}

function usualSize(series: readonly number[]): number {
  const sizes = series
    .slice(-USUAL_STEPS)
    .map(Math.abs)
    .sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

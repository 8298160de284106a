import type { StateValues } from './state.ts';

export interface Divergence {
  /** Step within the call at which it shows; the first where only the state shows it. */
  readonly step: number;
  readonly reason: string;
}

/** A loss this many times its usual size is an explosion, not noise. */
const EXPLOSION = 1000;
/** Losses below this size are never called an explosion: at the start a critic's loss is near zero. */
const LEAST_EXPLOSION = 1e4;
/** A loss above this is one at any time: it may have grown too slowly to be told from what was usual. */
const MOST_LOSS = 1e8;
/** Steps at the end of the history that say what is usual. */
const USUAL_STEPS = 200;

type History = Readonly<Record<string, readonly number[]>>;

/** Looks for values that are not finite and for losses that explode; null where all is well. */
export function findDivergence(history: History, values: History, state: StateValues): Divergence | null {
  for (const [name, series] of Object.entries(values)) {
    const relative = Math.max(LEAST_EXPLOSION, EXPLOSION * usualSize(history[name] ?? []));
    const limit = Math.min(MOST_LOSS, relative);
    const step = series.findIndex((value) => !(Math.abs(value) <= limit));
    if (step >= 0) return { step, reason: `${name} is ${String(series[step])}` };
  }
  const bad = Object.entries(state).find(([, array]) => !array.every(Number.isFinite));
  return bad ? { step: 0, reason: `${bad[0]} is not finite` } : null;
}

function usualSize(series: readonly number[]): number {
  const sizes = series
    .slice(-USUAL_STEPS)
    .map(Math.abs)
    .sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

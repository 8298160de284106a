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
/** A loss above this (and far above the first) explodes at any time: it may have grown too slowly to be unusual. */
const MOST_LOSS = 1e8;
/** Steps at the end of the history that say what is usual. */
const USUAL_STEPS = 200;

type History = Readonly<Record<string, readonly number[]>>;

/** Looks for values that are not finite and for losses that explode; null where all is well. */
export function findDivergence(history: History, values: History, state: StateValues): Divergence | null {
  for (const [name, series] of Object.entries(values)) {
    const limit = limitOf(history[name] ?? [], series[0] ?? 0);
    const step = series.findIndex((value) => !Number.isFinite(value) || Math.abs(value) > limit);
    if (step >= 0) return { step, reason: `${name} is ${String(series[step])}` };
  }
  const bad = Object.entries(state).find(([, array]) => !array.every(Number.isFinite));
  return bad ? { step: 0, reason: `${bad[0]} is not finite` } : null;
}

/** The first loss of all is that of the network as it was drawn: large under a large penalty, but no explosion. */
function limitOf(before: readonly number[], next: number): number {
  const first = Math.abs(before[0] ?? next);
  const usual = before.length > 0 ? usualSize(before) : first;
  const most = Math.max(MOST_LOSS, EXPLOSION * first);
  return Math.min(most, Math.max(LEAST_EXPLOSION, EXPLOSION * usual));
}

function usualSize(series: readonly number[]): number {
  const sizes = series
    .slice(-USUAL_STEPS)
    .map(Math.abs)
    .sort((a, b) => a - b);
  return sizes[Math.floor(sizes.length / 2)] ?? 0;
}

import type { Clock } from '../clock.ts';

/** Runs `work` after so many milliseconds; with 0, after the input that is there has been read. */
export type Later = (work: () => void, ms: number) => void;

export const defaultLater: Later = (work, ms) => {
  if (ms > 0) setTimeout(work, ms);
  else setImmediate(work);
};

export interface Alarm {
  set(waitMs: number): void;
}

/** Rings once, at the earliest of the times for which it was set since it rang. */
export function createAlarm(ring: () => void, clock: Pick<Clock, 'monotonicMs'>, later: Later): Alarm {
  let next: { readonly atMs: number } | undefined;
  return {
    set: (waitMs: number): void => {
      const time = { atMs: clock.monotonicMs() + waitMs };
      if (next !== undefined && next.atMs <= time.atMs) return;
      next = time;
      later(() => {
        if (next !== time) return;
        next = undefined;
        ring();
      }, waitMs);
    },
  };
}

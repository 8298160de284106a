import type { Clock } from '../clock.ts';
import type { Company } from './company.ts';

/** How long those who wait are kept for others to be scored with. */
export interface Patience {
  /** One comes, who has so many milliseconds to spare. */
  take(spareMs: () => number): void;
  /** Milliseconds until the first of them has waited long enough. */
  leftMs(): number;
  /** Nobody waits any longer. */
  over(): void;
}

/** Who comes alone waits for nobody; nobody waits longer than `maxDelayMs` since he came, or is late for others' sake. */
export function createPatience(
  maxDelayMs: number,
  company: Pick<Company, 'isBusy'>,
  clock: Pick<Clock, 'monotonicMs'>,
): Patience {
  let dueMs = Infinity;
  return {
    take: (spareMs) => {
      const waitMs = maxDelayMs > 0 && company.isBusy() ? Math.min(maxDelayMs, spareMs()) : 0;
      dueMs = Math.min(dueMs, clock.monotonicMs() + waitMs);
    },
    // What is left of a job whose first rows were scored at once waits for nobody.
    leftMs: () => (dueMs === Infinity ? 0 : Math.max(0, dueMs - clock.monotonicMs())),
    over: () => {
      dueMs = Infinity;
    },
  };
}

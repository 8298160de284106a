/** What an inference costs on the calling thread: `callMs + rowMs * rows`. */
export interface InferenceCost {
  readonly callMs: number;
  readonly rowMs: number;
}

/**
 * An inference is worth handing over where it costs so many times what the way there and back takes. Most of that way is waking a
 * thread, which costs both threads time and the caller latency; so they lose a tenth at most, for a thread that goes on meanwhile.
 */
const WORTH_TIMES = 10;

export const worthMsOf = (handoverMs: number): number => WORTH_TIMES * handoverMs;

/** Most rows whose inference costs less than that; 0 where the least one does not, Infinity where all do. */
export function inlineRowsFor({ callMs, rowMs }: InferenceCost, worthMs: number): number {
  if (callMs + LEAST_ROWS * rowMs >= worthMs) return 0;
  return rowMs > 0 ? Math.floor((worthMs - callMs) / rowMs) : Infinity;
}

/** The critic is run with pairs of rows (even-rows.ts). */
const LEAST_ROWS = 2;
/** Enough for the cost of a row to show beside that of a call. */
const MANY_ROWS = 64;
/** Of each number of rows. */
const [MOST_RUNS, MOST_MS] = [10, 10];

/**
 * Measures what `run` of so many rows costs, by the least of several runs: what else the machine does only adds. Where the least
 * inference costs `worthMs` it says enough, and a larger one is not tried.
 */
export function measureCost(
  run: (rows: number) => void,
  worthMs: number,
  nowMs = (): number => performance.now(),
): InferenceCost {
  const fewMs = leastMs(() => run(LEAST_ROWS), nowMs);
  if (fewMs >= worthMs) return { callMs: fewMs, rowMs: 0 };
  const rowMs = Math.max(0, (leastMs(() => run(MANY_ROWS), nowMs) - fewMs) / (MANY_ROWS - LEAST_ROWS));
  return { rowMs, callMs: Math.max(0, fewMs - LEAST_ROWS * rowMs) };
}

function leastMs(run: () => void, nowMs: () => number): number {
  let [least, spentMs] = [Infinity, 0];
  for (let runs = 0; runs < MOST_RUNS && spentMs < MOST_MS; runs++) {
    const startedMs = nowMs();
    run();
    const tookMs = nowMs() - startedMs;
    least = Math.min(least, tookMs);
    spentMs += tookMs;
  }
  return least;
}

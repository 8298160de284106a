/** Between two lines of the log on the same trouble. */
const QUIET_MS = 60_000;

/** What it is given to tell is told once a minute at most. */
export function createSeldom(monotonicMs: () => number): (tell: () => void) => void {
  let toldMs = -Infinity;
  return (tell) => {
    const nowMs = monotonicMs();
    if (nowMs - toldMs < QUIET_MS) return;
    toldMs = nowMs;
    tell();
  };
}

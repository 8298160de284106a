const LOOK_MS = 250;
/** A timer that comes later than this was held up by more than other work in its process. */
const LATE_MS = 2000;

/** Counts how long this process was not run at all, as where the machine is paused or overloaded; the answer ends it, with the seconds. */
export function watchStillness(): () => number {
  let [stillMs, lookedMs] = [0, performance.now()];
  const look = (): void => {
    const nowMs = performance.now();
    const lateMs = nowMs - lookedMs - LOOK_MS;
    if (lateMs > LATE_MS) stillMs += lateMs;
    lookedMs = nowMs;
  };
  const timer = setInterval(look, LOOK_MS);
  return () => {
    look();
    clearInterval(timer);
    return Math.round(stillMs / 1000);
  };
}

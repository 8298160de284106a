/** As node:http2 has them for its streams, where nobody says otherwise (streamResetBurst, streamResetRate). */
const BURST = 1000;
const RESETS_PER_SECOND = 33;

/** How often a client may give its calls up: each has cost its work, and took no place among the calls at once. */
export class ResetLimit {
  #left = BURST;
  #atMs = performance.now();

  /** False where there were too many. */
  take(): boolean {
    const nowMs = performance.now();
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#atMs) / 1000) * RESETS_PER_SECOND);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

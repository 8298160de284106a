/** Rows and flagged rows per second over a sliding minute, exact to the second, in fixed memory. */
export class RateMeter {
  readonly #seconds: number;
  readonly #slots: { second: number; rows: number; flagged: number }[];
  #rows = 0;
  #flagged = 0;

  constructor(seconds = 60) {
    this.#seconds = seconds;
    this.#slots = Array.from({ length: seconds }, () => ({ second: -1, rows: 0, flagged: 0 }));
  }

  /** Takes running totals, so that no row is lost when some calls are not seen. */
  record(nowMs: number, totals: { readonly rows: number; readonly flagged: number }): void {
    const second = Math.floor(nowMs / 1000);
    const slot = this.#slots[second % this.#seconds]!;
    if (slot.second !== second) Object.assign(slot, { second, rows: 0, flagged: 0 });
    slot.rows += totals.rows - this.#rows;
    slot.flagged += totals.flagged - this.#flagged;
    this.#rows = totals.rows;
    this.#flagged = totals.flagged;
  }

  /** Sums over the last `seconds` whole seconds, the running one left out. */
  over(nowMs: number, seconds: number): { rows: number; flagged: number } {
    const now = Math.floor(nowMs / 1000);
    const recent = this.#slots.filter((slot) => slot.second < now && slot.second >= now - seconds);
    return {
      rows: recent.reduce((sum, slot) => sum + slot.rows, 0),
      flagged: recent.reduce((sum, slot) => sum + slot.flagged, 0),
    };
  }
}

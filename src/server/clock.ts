/** Time as an argument: the wall clock for people and deadlines, the monotonic one for durations; both in milliseconds. */
export interface Clock {
  readonly wallMs: () => number;
  readonly monotonicMs: () => number;
}

export const SYSTEM_CLOCK: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

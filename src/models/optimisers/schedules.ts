/** A learning rate over a number of updates: what it is at each of them, counted from 0; past the last it stays where it ended. */
export type Schedule = (rate: number, updates: number) => (update: number) => number;

/** What the exponential schedule ends at, as a share of the rate. */
const EXPONENTIAL_END = 0.01;

/** How much of the updates is done; never more than all, since a rate below 0 would climb. */
const shareOf = (update: number, updates: number): number => Math.min(1, update / updates);

export const SCHEDULES = {
  constant: (rate) => () => rate,
  /** Constant for the first half of the updates, then linear to 0; critic-recipe.md section 2. */
  'half-then-linear': (rate, updates) => (update) => rate * Math.min(1, 2 * (1 - shareOf(update, updates))),
  /** Linear to 0, as Gulrajani 2017 has it for CIFAR-10 (appendix F). */
  linear: (rate, updates) => (update) => rate * (1 - shareOf(update, updates)),
  /** Half a cosine to 0: Loshchilov and Hutter 2017, equation 5, without restarts. */
  cosine: (rate, updates) => (update) => (rate / 2) * (1 + Math.cos(Math.PI * shareOf(update, updates))),
  /** By the same factor at each update, to a hundredth. */
  exponential: (rate, updates) => (update) => rate * EXPONENTIAL_END ** shareOf(update, updates),
} as const satisfies Record<string, Schedule>;
export type ScheduleName = keyof typeof SCHEDULES;

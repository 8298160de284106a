/** A learning rate over a number of updates: what it is at each of them, counted from 0. */
export type Schedule = (rate: number, updates: number) => (update: number) => number;

/** What the exponential schedule ends at, as a share of the rate. */
const EXPONENTIAL_END = 0.01;

export const SCHEDULES = {
  constant: (rate) => () => rate,
  /** Constant for the first half of the updates, then linear to 0; critic-recipe.md section 2. */
  'half-then-linear': (rate, updates) => (update) => rate * Math.min(1, 2 * (1 - update / updates)),
  /** Linear to 0, as Gulrajani 2017 has it for CIFAR-10 (appendix F). */
  linear: (rate, updates) => (update) => rate * (1 - update / updates),
  /** Half a cosine to 0: Loshchilov and Hutter 2017, equation 5, without restarts. */
  cosine: (rate, updates) => (update) => (rate / 2) * (1 + Math.cos((Math.PI * update) / updates)),
  /** By the same factor at each update, to a hundredth. */
  exponential: (rate, updates) => (update) => rate * EXPONENTIAL_END ** (update / updates),
} as const satisfies Record<string, Schedule>;
export type ScheduleName = keyof typeof SCHEDULES;

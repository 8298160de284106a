/** Expressions of PromQL over the processes that the dashboard's variables choose. */

/** Of the chosen jobs; where there are no namespaces, as outside of Kubernetes, all that there is to choose is none. */
export const JOBS = ['namespace=~"$namespace"', 'job=~"$job"'];

/** Series of one metric, by its name without `aristarch_`, of the chosen processes. */
export function of(name: string, ...matchers: readonly string[]): string {
  return `aristarch_${name}{${[...JOBS, 'instance=~"$instance"', ...matchers].join(',')}}`;
}

/** Per second. */
export function rate(name: string, ...matchers: readonly string[]): string {
  return `rate(${of(name, ...matchers)}[$__rate_interval])`;
}

/** The sum over the processes, by labels. */
export function sum(expression: string, ...by: readonly string[]): string {
  return by.length === 0 ? `sum(${expression})` : `sum by (${by.join(', ')}) (${expression})`;
}

/** The largest of the processes, by labels. */
export function max(expression: string, ...by: readonly string[]): string {
  return by.length === 0 ? `max(${expression})` : `max by (${by.join(', ')}) (${expression})`;
}

/** A sum that is 0 where there is no such series yet: nothing has failed, rather than nothing is known. */
export function sumOrZero(expression: string): string {
  return `(${sum(expression)} or vector(0))`;
}

/** 0 where the expression has no series at all: nothing has happened yet. */
export function orNought(expression: string): string {
  return `(${expression}) or (vector(0) unless on() (${expression}))`;
}

export function quantile(q: number, histogram: string, ...by: readonly string[]): string {
  return `histogram_quantile(${q}, ${sum(rate(`${histogram}_bucket`), 'le', ...by)})`;
}

/** The mean of a histogram's values. */
export function mean(histogram: string, ...by: readonly string[]): string {
  return `${sum(rate(`${histogram}_sum`), ...by)} / ${sum(rate(`${histogram}_count`), ...by)}`;
}

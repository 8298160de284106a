/** A number in [0, 1), as `Math.random` draws it. */
export type Draw = () => number;

/**
 * Between half of a wait and all of it, in whole milliseconds: processes that have lost the same brokers at the same moment are not to
 * come back at the same moment, again and again.
 */
export function spread(delayMs: number, draw: Draw): number {
  return Math.round((delayMs * (1 + draw())) / 2);
}

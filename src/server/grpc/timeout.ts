/** gRPC over HTTP/2, "TimeoutUnit". */
const UNIT_MS = new Map(Object.entries({ H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }));
const MOST_DIGITS = 8;
const ZERO = '0'.charCodeAt(0);

/** Of a `grpc-timeout`, in whole milliseconds; undefined where it is none. */
export function toMilliseconds(timeout: string): number | undefined {
  let [digits, value] = [0, 0];
  for (; digits < MOST_DIGITS; digits++) {
    const digit = timeout.charCodeAt(digits) - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    value = 10 * value + digit;
  }
  const unitMs = UNIT_MS.get(timeout.slice(digits).trimStart());
  return digits === 0 || unitMs === undefined ? undefined : Math.trunc(value * unitMs);
}

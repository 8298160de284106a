import type { IncomingHttpHeaders } from 'node:http2';

const codeOf = (character: string): number => character.charCodeAt(0);

/** gRPC over HTTP/2, "TimeoutUnit", by the letter's code. */
const UNIT_MS = new Map(
  Object.entries({ H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }).map(([letter, ms]) => [
    codeOf(letter),
    ms,
  ]),
);
const MOST_DIGITS = 8;
const [ZERO, BLANK] = [codeOf('0'), codeOf(' ')];

/** Of a `grpc-timeout`; undefined where it is none. A fraction of a millisecond is time, too: a call of one row takes less. */
export function toMilliseconds(timeout: string): number | undefined {
  return millisecondsAt(Buffer.from(timeout, 'latin1'));
}

/** Likewise, of the text that stands there. */
export function millisecondsAt(bytes: Buffer, from = 0, to = bytes.length): number | undefined {
  let [at, value] = [from, 0];
  for (; at < to && at < from + MOST_DIGITS; at++) {
    const digit = bytes[at]! - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    value = 10 * value + digit;
  }
  if (at === from) return undefined;
  while (at < to && bytes[at] === BLANK) at++;
  const unitMs = at === to - 1 ? UNIT_MS.get(bytes[at]!) : undefined;
  return unitMs === undefined ? undefined : value * unitMs;
}

/** Milliseconds that a caller gives, Infinity where it has no limit; undefined where its word for it is none. */
export function timeoutOf(headers: IncomingHttpHeaders): number | undefined {
  const timeout = headers['grpc-timeout'];
  return timeout === undefined ? Infinity : toMilliseconds(String(timeout));
}

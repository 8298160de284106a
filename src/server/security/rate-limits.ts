import { AristarchError } from '../../base/errors.ts';
import type { Clock } from '../clock.ts';

/** Per second and client; absent for no limit. */
export interface RateLimits {
  readonly rows?: number | undefined;
  readonly requests?: number | undefined;
}

/** Takes from what a client may have at present; both throw `RESOURCE_EXHAUSTED` with `retryAfterMs` where it is in debt. */
export interface RateMeter {
  /** One request, before anything is known of its rows: what cannot be read has been asked for as well. */
  readonly countRequest: (client: string) => void;
  /** Rows of a request that was counted. */
  readonly countRows: (client: string, rows: number) => void;
}

/** Seconds of the rate that a client may use at once after a rest. */
const BURST_S = 1;

/** Clients that are remembered; one that is forgotten starts afresh, which costs a second's worth at most. */
const MOST_CLIENTS = 10_000;

interface Bucket {
  rows: number;
  requests: number;
  atMs: number;
}

/**
 * Token buckets, one for each client and unit. Requests and rows pass while their client is not in debt, and may then bring it into
 * debt: so a request of more rows than the burst passes as well, and is paid for by waiting afterwards.
 */
export function createRateLimits(limits: RateLimits, clock: Pick<Clock, 'monotonicMs'>): RateMeter | undefined {
  const { rows = Infinity, requests = Infinity } = limits;
  if (rows === Infinity && requests === Infinity) return undefined;
  const buckets = new Map<string, Bucket>();
  const bucketOf = (client: string): Bucket => {
    const bucket = refill(buckets.get(client), clock.monotonicMs(), { rows, requests });
    remember(buckets, client, bucket);
    return bucket;
  };
  return {
    countRequest(client) {
      const bucket = bucketOf(client);
      const waitMs = Math.max(waitOf(bucket.rows, rows), waitOf(bucket.requests, requests));
      if (waitMs > 0) throw tooFast(client, limits, waitMs);
      bucket.requests -= 1;
    },
    countRows(client, spent) {
      const bucket = bucketOf(client);
      const waitMs = waitOf(bucket.rows, rows);
      if (waitMs > 0) throw tooFast(client, limits, waitMs);
      bucket.rows -= spent;
    },
  };
}

function refill(bucket: Bucket | undefined, nowMs: number, rates: Required<RateLimits>): Bucket {
  const full = { rows: rates.rows! * BURST_S, requests: Math.max(1, rates.requests! * BURST_S), atMs: nowMs };
  if (bucket === undefined) return full;
  const seconds = (nowMs - bucket.atMs) / 1000;
  return {
    rows: rates.rows === Infinity ? Infinity : Math.min(full.rows, bucket.rows + seconds * rates.rows!),
    requests:
      rates.requests === Infinity ? Infinity : Math.min(full.requests, bucket.requests + seconds * rates.requests!),
    atMs: nowMs,
  };
}

/** A Map keeps the order of insertion: the first is the one that was silent longest. */
function remember(buckets: Map<string, Bucket>, client: string, bucket: Bucket): void {
  buckets.delete(client);
  buckets.set(client, bucket);
  if (buckets.size > MOST_CLIENTS) buckets.delete(buckets.keys().next().value!);
}

/** Milliseconds until the bucket has one again, or is out of debt. */
function waitOf(left: number, rate: number): number {
  return left > 0 ? 0 : Math.ceil((1000 * Math.max(-left, Number.EPSILON)) / rate) || 1;
}

function tooFast(client: string, limits: RateLimits, retryAfterMs: number): AristarchError {
  const said = [
    limits.rows === undefined ? [] : [`${limits.rows} rows`],
    limits.requests === undefined ? [] : [`${limits.requests} requests`],
  ].flat();
  return new AristarchError(
    'RESOURCE_EXHAUSTED',
    `"${client}" asks for more than the ${said.join(' and ')} a second that one client may; try again in ${retryAfterMs} ms`,
    { client, retryAfterMs, ...limits },
  );
}

import { createRequire } from 'node:module';

interface Group {
  lastRequest: number;
}
export type Heartbeat = (this: Group, options: { readonly interval: number }) => Promise<void>;

interface Queue {
  throttledUntil: number;
}
export type CanSend = (this: Queue) => boolean;

interface Pool {
  metadataExpireAt: number | null;
  readonly metadataMaxAge: number;
}
export type Refresh = (this: Pool, topics: readonly string[]) => Promise<unknown>;

/** Brokers ask for less, by the windows of their quotas. */
const LONGEST_THROTTLE_MS = 60_000;

/**
 * Keeps kafkajs 2.2.3 at work where the system's clock is set back, by which it measures: until the clock is where it was it would send no
 * heartbeat, so that the group threw it out again and again, wait where a broker had asked it to, and look for no new partitions.
 */
export function outliveSetBackClocks(): void {
  const load = createRequire(import.meta.url);
  const { prototype: group } = load('kafkajs/src/consumer/consumerGroup') as { prototype: { heartbeat: Heartbeat } };
  const { heartbeat } = group;
  group.heartbeat = function (options) {
    this.lastRequest = Math.min(this.lastRequest, Date.now());
    return heartbeat.call(this, options);
  };
  const { prototype: queue } = load('kafkajs/src/network/requestQueue') as {
    prototype: { canSendSocketRequestImmediately: CanSend };
  };
  const { canSendSocketRequestImmediately: canSend } = queue;
  queue.canSendSocketRequestImmediately = function () {
    if (this.throttledUntil > Date.now() + LONGEST_THROTTLE_MS) this.throttledUntil = -1;
    return canSend.call(this);
  };
  const { prototype: pool } = load('kafkajs/src/cluster/brokerPool') as {
    prototype: { refreshMetadataIfNecessary: Refresh };
  };
  const { refreshMetadataIfNecessary: refresh } = pool;
  pool.refreshMetadataIfNecessary = function (topics) {
    if ((this.metadataExpireAt ?? 0) > Date.now() + this.metadataMaxAge) this.metadataExpireAt = null;
    return refresh.call(this, topics);
  };
}

import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import '../../../src/server/kafka/kafkajs/engine.ts';

const load = createRequire(import.meta.url);
const HOUR_MS = 3_600_000;
const log = { namespace: () => log, ...{ debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 } };

/** The system's clock, which may be set. */
function createClock() {
  let nowMs = 1_700_000_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => nowMs);
  return { pass: (ms: number) => (nowMs += ms) };
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('kafkajs, where the clock of the system is set back by an hour', () => {
  it('goes on with its heartbeats, no more often than it should', async () => {
    const clock = createClock();
    let beats = 0;
    const GroupOf = load('kafkajs/src/consumer/consumerGroup') as new (parts: object) => {
      heartbeat(options: { interval: number }): Promise<void>;
    };
    const parts = { topics: [], topicConfigurations: {}, instrumentationEmitter: new EventEmitter() };
    const group = new GroupOf({ ...parts, retry: {}, logger: log, groupId: 'g', cluster: {} });
    const heartbeat = (): Promise<void> => {
      beats++;
      return Promise.resolve();
    };
    const coordinator = { heartbeat };
    Object.assign(group, { memberId: 'me', generationId: 1, coordinator });
    const passSeconds = async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second++) {
        clock.pass(1000);
        await group.heartbeat({ interval: 3000 });
      }
    };
    await passSeconds(9);
    expect(beats).toBe(3);
    clock.pass(-HOUR_MS);
    await passSeconds(10);
    expect(beats).toBe(6);
  });

  it('waits no longer than a broker has asked it to', () => {
    const clock = createClock();
    const QueueOf = load('kafkajs/src/network/requestQueue') as new (parts: object) => {
      maybeThrottle(ms: number): void;
      canSendSocketRequestImmediately(): boolean;
    };
    const queue = new QueueOf({
      logger: log,
      maxInFlightRequests: null,
      requestTimeout: 1000,
      clientId: 'c',
      broker: 'b',
    });
    queue.maybeThrottle(2000);
    clock.pass(1000);
    expect(queue.canSendSocketRequestImmediately()).toBe(false);
    clock.pass(-HOUR_MS);
    expect(queue.canSendSocketRequestImmediately()).toBe(true);
  });

  it('looks for new partitions as before', async () => {
    const clock = createClock();
    const PoolOf = load('kafkajs/src/cluster/brokerPool') as new (parts: object) => {
      refreshMetadataIfNecessary(topics: readonly string[]): Promise<unknown>;
    };
    const connectionPoolBuilder = { build: () => Promise.resolve({}) };
    const pool = new PoolOf({ connectionPoolBuilder, logger: log, metadataMaxAge: 300_000 });
    let refreshed = 0;
    const refreshMetadata = (): Promise<void> => {
      refreshed++;
      return Promise.resolve();
    };
    const metadata = { topicMetadata: [{ topic: 'events' }] };
    Object.assign(pool, { refreshMetadata, metadata, metadataExpireAt: Date.now() + 300_000 });
    await pool.refreshMetadataIfNecessary(['events']);
    expect(refreshed).toBe(0);
    clock.pass(-HOUR_MS);
    await pool.refreshMetadataIfNecessary(['events']);
    expect(refreshed).toBe(1);
  });
});

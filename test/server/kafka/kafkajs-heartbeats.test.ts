import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import '../../../src/server/kafka/kafkajs/engine.ts';
import { until } from '../../support/until.ts';

const load = createRequire(import.meta.url);

interface Group {
  memberId: string | null;
  generationId: number;
  coordinator: { heartbeat(): Promise<void> };
  connect(): Promise<void>;
  joinAndSync(): Promise<void>;
  fetch(): Promise<readonly never[]>;
  leave(): Promise<void>;
}
interface Runner {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The client's own runner and group, at a broker which has nothing to read, and whose first heartbeat is answered with the fault. */
function createRunner(type: string) {
  const GroupOf = load('kafkajs/src/consumer/consumerGroup') as new (parts: object) => Group;
  const RunnerOf = load('kafkajs/src/consumer/runner') as new (parts: object) => Runner;
  const log = { namespace: () => log, ...{ debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 } };
  const seen = { joins: 0, heartbeats: 0, crashes: [] as unknown[] };
  const instrumentationEmitter = new EventEmitter();
  const parts = { retry: {}, logger: log, groupId: 'g', cluster: { getNodeIds: () => ['0'] } };
  const consumerGroup = new GroupOf({ ...parts, topics: [], topicConfigurations: {}, instrumentationEmitter });
  const heartbeat = (): Promise<void> => {
    seen.heartbeats += 1;
    return seen.heartbeats > 1 ? Promise.resolve() : Promise.reject(Object.assign(new Error(type), { type }));
  };
  Object.assign(consumerGroup, {
    connect: () => Promise.resolve(),
    joinAndSync: () => {
      seen.joins += 1;
      Object.assign(consumerGroup, { memberId: 'me', generationId: seen.joins, coordinator: { heartbeat } });
      return Promise.resolve();
    },
    fetch: () => new Promise<never[]>((resolve) => setTimeout(() => resolve([]), 5)),
    leave: () => Promise.resolve(),
  });
  const onCrash = (thrown: unknown): void => void seen.crashes.push(thrown);
  const work = { concurrency: 1, autoCommit: false, heartbeatInterval: 0, eachBatch: () => Promise.resolve() };
  const retry = { retries: 0 };
  return {
    seen,
    runner: new RunnerOf({ logger: log, consumerGroup, instrumentationEmitter, onCrash, retry, ...work }),
  };
}

describe('kafkajs between two fetches', () => {
  it.each(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID'])(
    'joins its group anew, and goes on, where a heartbeat of its own hears %s',
    async (type) => {
      const { seen, runner } = createRunner(type);
      await runner.start();
      await until('heartbeats to go on', () => seen.heartbeats > 2 || seen.crashes.length > 0);
      expect([seen.joins, seen.crashes]).toEqual([2, []]);
      await runner.stop();
    },
  );
});

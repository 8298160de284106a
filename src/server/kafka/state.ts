import type { Logger } from 'pino';
import { AristarchError } from '../../base/errors.ts';
import type { Metrics } from '../metrics.ts';
import type { ConsumerEvent, KafkaConfig } from './port.ts';

export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
}

export interface StateParts {
  readonly config: Pick<KafkaConfig, 'groupId' | 'topicIn'>;
  readonly metrics: Metrics['kafka'];
  readonly log: Logger;
  readonly onFatal: (error: AristarchError) => void;
}

type MembershipEvent = Exclude<ConsumerEvent, { kind: 'hidden' }>;

export interface State {
  /** The first time in the group; rejects when it ends before. */
  readonly started: Promise<void>;
  readonly readiness: () => Readiness;
  /** Whether it ever was in the group. */
  readonly hasJoined: () => boolean;
  /** Partitions that are this member's now. */
  readonly assigned: () => readonly number[];
  readonly wait: (reason: string) => void;
  readonly on: (event: MembershipEvent) => void;
  readonly fail: (error: AristarchError) => void;
  readonly stop: () => void;
}

/** What the consumer is doing, for readiness, for the metric, and for the log. After `fail` or `stop` nothing changes it. */
export function createState({ config, metrics, log, onFatal }: StateParts): State {
  const first = createStart();
  let reason: string | undefined = 'connecting to Kafka';
  let ended = false;
  let joinedOnce = false;
  let partitions: readonly number[] = [];

  function set(next: string | undefined): void {
    reason = next;
    metrics.consumerUp.set({ topic: config.topicIn }, next === undefined ? 1 : 0);
  }
  function end(why: string, error: AristarchError): void {
    ended = true;
    partitions = [];
    set(why);
    first.reject(error);
  }
  function fail(error: AristarchError): void {
    if (ended) return;
    end(`scoring from Kafka has ended: ${error.message}`, error);
    log.fatal({ code: error.code, ...error.data }, error.message);
    onFatal(error);
  }
  function join(joined: readonly number[]): void {
    partitions = joined;
    joinedOnce = true;
    set(undefined);
    log.info({ group: config.groupId, topic: config.topicIn, partitions }, 'joined the Kafka consumer group');
    first.resolve();
  }
  /** The client restarts by itself, or whoever keeps the group joined does. */
  function lose({ restarts, error }: Extract<ConsumerEvent, { kind: 'crashed' }>): void {
    wait(`lost Kafka: ${error.message}`);
    if (restarts) log.warn({ code: error.code }, `lost Kafka, connecting again: ${error.message}`);
  }
  function wait(why: string): void {
    if (ended) return;
    partitions = [];
    set(why);
  }
  set(reason);
  return {
    started: first.promise,
    readiness: () => (reason === undefined ? { ready: true } : { ready: false, reason }),
    assigned: () => partitions,
    wait,
    hasJoined: () => joinedOnce,
    fail,
    stop: () =>
      end('scoring from Kafka is stopping', new AristarchError('CANCELLED', 'scoring from Kafka was stopped')),
    on(event) {
      if (ended) return;
      if (event.kind === 'joined') join(event.partitions);
      else if (event.kind === 'crashed') lose(event);
      else log.info({ group: config.groupId }, 'the Kafka consumer group is rebalancing');
    },
  };
}

interface Start {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: AristarchError) => void;
}

function createStart(): Start {
  let resolve!: () => void;
  let reject!: (error: AristarchError) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Whoever does not wait for the start hears of its failure through `onFatal`.
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

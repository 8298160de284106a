import { setTimeout as sleep } from 'node:timers/promises';
import type { AristarchError } from '../../../base/errors.ts';
import type { BatchHandler, ConsumerEvent, ConsumerPort, HiddenRange, KafkaClientConfig } from '../port.ts';
import { spread } from '../spread.ts';
import { createMembership, type MemberName, REBALANCE_TIMEOUT_MS } from './membership.ts';
import { openGeneration } from './generation.ts';
import { untilAborted } from './until-aborted.ts';
import { openWire, type Wire } from './wire.ts';

type ToError = (thrown: unknown) => AristarchError;

const FETCH_TIMEOUT_MS = 15_000;
/** First and longest wait before a membership that broke off is begun anew, and of each at least half. */
const RESTART_MS = { first: 250, longest: 5_000 };

/** Kafka's consumer groups over the client's wire protocol; a connection that fails is never used again. */
export function openConsumer(
  config: KafkaClientConfig,
  fault: ToError,
  onEvent: (event: ConsumerEvent) => void,
): ConsumerPort {
  const abort = new AbortController();
  const { signal } = abort;
  const member: MemberName = { id: '' };
  let working: Promise<void> | undefined;
  async function work(handler: BatchHandler): Promise<void> {
    let delayMs = RESTART_MS.first;
    const joined = (event: ConsumerEvent): void => {
      if (event.kind === 'joined') delayMs = RESTART_MS.first;
      onEvent(event);
    };
    while (!signal.aborted) {
      try {
        await workOnce({ config, handler, fault, member, onEvent: joined }, signal);
      } catch (thrown) {
        if (isOver(signal)) return;
        const error = fault(thrown);
        const restarts = PASSES.has(error.code);
        onEvent({ kind: 'crashed', restarts, error });
        if (!restarts) return;
        await sleep(spread(delayMs, Math.random), undefined, { signal }).catch(() => undefined);
        delayMs = Math.min(2 * delayMs, RESTART_MS.longest);
      }
    }
  }
  return {
    run(handler) {
      working = work(handler);
      return Promise.resolve();
    },
    async stop() {
      abort.abort();
      await working;
    },
  };
}

/** What a new connection may cure; the rest is for people. */
const PASSES: ReadonlySet<AristarchError['code']> = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED']);

interface ConsumerParts {
  readonly config: KafkaClientConfig;
  readonly handler: BatchHandler;
  readonly fault: ToError;
  readonly member: MemberName;
  readonly onEvent: (event: ConsumerEvent) => void;
}

/** Joins, works, and joins anew whenever the group deals anew; leaves at the end. Rejects when a connection fails. */
async function workOnce({ member, onEvent, ...parts }: ConsumerParts, signal: AbortSignal): Promise<void> {
  const { config } = parts;
  // Joining waits for the other members, on a connection of its own.
  const group = openWire(config, { requestTimeoutMs: Math.max(REBALANCE_TIMEOUT_MS, config.sessionTimeoutMs) + 5_000 });
  const data = openWire(config, { requestTimeoutMs: FETCH_TIMEOUT_MS });
  const membership = createMembership(group, config, member);
  try {
    while (!signal.aborted) {
      const generation = await untilAborted(membership.join(signal), signal);
      if (generation === undefined) break;
      onEvent({ kind: 'joined', partitions: generation.partitions });
      const onHidden = (range: HiddenRange): void => onEvent({ kind: 'hidden', ...range });
      const onRebalancing = (): void => onEvent({ kind: 'rebalancing' });
      const wires = { group, data };
      const opened = await openGeneration({ ...parts, onHidden, onRebalancing, membership, generation, wires });
      await opened.work(signal);
    }
    await membership.leave(data).catch(() => undefined);
  } finally {
    await closeAll([group, data]);
  }
}

/** Asked anew, which a compiler does not expect of a value that it has seen. */
const isOver = ({ aborted }: AbortSignal): boolean => aborted;

async function closeAll(wires: readonly Wire[]): Promise<void> {
  await Promise.all(wires.map((wire) => wire.close().catch(() => undefined)));
}

import { types } from 'node:util';
import { AristarchError, messageOf } from '../../../base/errors.ts';
import { TooMuchAtOnce } from '../compression.ts';
import { PROTOCOL_FAULTS, REFUSED_CREDENTIALS, unanswered } from '../protocol-faults.ts';

/** Names of protocol errors for which asking again soon is right: the broker is loading, or still writing a transaction's end. */
const PASSING = new Set([
  'CONCURRENT_TRANSACTIONS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'UNSTABLE_OFFSET_COMMIT',
  'REQUEST_TIMED_OUT',
]);

/** The broker no longer knows this member, or its group is being dealt out anew. */
const LOST = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']);

/** The protocol's names for what is wrong, outermost first. */
export function protocolErrorsOf(thrown: unknown): string[] {
  if (!isError(thrown)) return [];
  const own = 'apiId' in thrown && typeof thrown.apiId === 'string' ? [thrown.apiId] : [];
  const inner = [...(thrown instanceof AggregateError ? (thrown.errors as unknown[]) : []), thrown.cause];
  return [...own, ...inner.flatMap(protocolErrorsOf)];
}

export function isPassing(thrown: unknown): boolean {
  const names = protocolErrorsOf(thrown);
  return names.length > 0 && names.every((name) => PASSING.has(name));
}

/** Whether a transaction is about to move an offset that was asked for. */
export function isUnsettled(thrown: unknown): boolean {
  return protocolErrorsOf(thrown).includes('UNSTABLE_OFFSET_COMMIT');
}

export function isLostMembership(thrown: unknown): boolean {
  return protocolErrorsOf(thrown).some((name) => LOST.has(name));
}

/** Whether an answer held more than may be taken apart at once. */
export function isTooMuchAtOnce(thrown: unknown): boolean {
  return findCause(thrown, (error) => error instanceof TooMuchAtOnce) !== undefined;
}

/** What the client throws, as our own error: what it means and what helps, with its words at the end. */
export function toKafkaError(thrown: unknown, brokers: readonly string[]): AristarchError {
  const known = findCause(thrown, (error) => error instanceof AristarchError);
  if (known instanceof AristarchError) return known;
  const message = rootMessage(thrown);
  const data = { brokers: [...brokers] };
  const name = protocolErrorsOf(thrown).find((each) => Object.hasOwn(PROTOCOL_FAULTS, each));
  const isRefused = protocolErrorsOf(thrown).some((each) => REFUSALS.has(each));
  const [code, meaning] = isRefused ? REFUSED_CREDENTIALS : (PROTOCOL_FAULTS[name ?? ''] ?? unanswered(brokers));
  return new AristarchError(code, `${meaning} (${message})`, data, thrown);
}

const REFUSALS = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM']);

/** Also those of Node itself, which are of another realm under a test. */
const isError = (thrown: unknown): thrown is Error => types.isNativeError(thrown) || thrown instanceof Error;

function findCause(thrown: unknown, isIt: (error: Error) => boolean): Error | undefined {
  if (!isError(thrown)) return undefined;
  if (isIt(thrown)) return thrown;
  const inner = [...(thrown instanceof AggregateError ? (thrown.errors as unknown[]) : []), thrown.cause];
  for (const each of inner) {
    const found = findCause(each, isIt);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What happened is in the innermost. */
function rootMessage(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) return rootMessage(thrown.errors.at(-1));
  return isError(thrown) && isError(thrown.cause) ? rootMessage(thrown.cause) : messageOf(thrown);
}

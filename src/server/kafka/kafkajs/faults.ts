import { AristarchError, messageOf } from '../../../base/errors.ts';
import { PROTOCOL_FAULTS, REFUSED_CREDENTIALS, unanswered, type Fault } from '../protocol-faults.ts';

const CLIENT_FAULTS: Readonly<Record<string, Fault>> = { KafkaJSSASLAuthenticationError: REFUSED_CREDENTIALS };

/** What kafkajs throws, as our own error: what it means and what helps, with its words at the end. */
export function toKafkaError(thrown: unknown, brokers: readonly string[]): AristarchError {
  const root = rootOf(thrown);
  if (root instanceof AristarchError) return root;
  const message = root instanceof Error ? root.message : String(root);
  const [code, meaning] =
    PROTOCOL_FAULTS[typeOf(root)] ?? CLIENT_FAULTS[root instanceof Error ? root.name : ''] ?? unanswered(brokers);
  return new AristarchError(code, `${meaning} (${message})`, { brokers: [...brokers] }, thrown);
}

/** The client wraps its errors when it gives up; what happened is in the innermost. */
function rootOf(thrown: unknown): unknown {
  return thrown instanceof Error && thrown.cause instanceof Error ? rootOf(thrown.cause) : thrown;
}

function typeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'type' in thrown && typeof thrown.type === 'string'
    ? thrown.type
    : '';
}

/** The broker no longer knows this member, or its group is being dealt out anew. */
const DEALT_ANEW = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS'];

export function isDealtAnew(thrown: unknown): boolean {
  return DEALT_ANEW.includes(typeOf(thrown));
}

/** The same where kafkajs joins its group anew by what it is thrown: by a generation that is over it gives up, and begins as a new client. */
export function toRejoining(thrown: unknown): unknown {
  if (typeOf(thrown) !== 'ILLEGAL_GENERATION') return thrown;
  return Object.assign(new Error(messageOf(thrown), { cause: thrown }), { type: 'REBALANCE_IN_PROGRESS' });
}

/** The same of a commit; one that another broker looks after by now is not there either. */
export function isLostMembership(thrown: unknown): boolean {
  return isDealtAnew(thrown) || typeOf(thrown) === 'NOT_COORDINATOR_FOR_GROUP';
}

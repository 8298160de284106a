import { AristarchError, type ErrorCode } from '../../../base/errors.ts';

/** Types of protocol errors that are not the network's: what is wrong, and what helps. */
const PROTOCOL_FAULTS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  MESSAGE_TOO_LARGE: ['RESOURCE_EXHAUSTED', 'a message is larger than the topic takes: raise its max.message.bytes'],
  RECORD_LIST_TOO_LARGE: ['RESOURCE_EXHAUSTED', 'a batch is larger than the topic takes: raise its segment.bytes'],
  INVALID_RECORD: [
    'PRECONDITION_FAILED',
    'the topic refuses a record: a compacted topic wants a key on each, so send keyed events or change its cleanup.policy',
  ],
  TOPIC_AUTHORIZATION_FAILED: [
    'PRECONDITION_FAILED',
    'the broker denies this user the topic: grant it Read, Write and Describe',
  ],
  GROUP_AUTHORIZATION_FAILED: ['PRECONDITION_FAILED', 'the broker denies this user the consumer group: grant it Read'],
  CLUSTER_AUTHORIZATION_FAILED: [
    'PRECONDITION_FAILED',
    'the broker denies this user IdempotentWrite on the cluster: grant it',
  ],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: [
    'PRECONDITION_FAILED',
    'the broker denies this user the transactional id: grant it Write and Describe on ids that begin with the group',
  ],
  UNSUPPORTED_VERSION: [
    'PRECONDITION_FAILED',
    'the broker does not speak a version of the protocol that the client knows',
  ],
};

const CLIENT_FAULTS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  KafkaJSSASLAuthenticationError: [
    'PRECONDITION_FAILED',
    'the broker refuses the user name or password: check both, and the mechanism',
  ],
};

/** What kafkajs throws, as our own error: what it means and what helps, with its words at the end. */
export function toKafkaError(thrown: unknown, brokers: readonly string[]): AristarchError {
  const root = rootOf(thrown);
  if (root instanceof AristarchError) return root;
  const message = root instanceof Error ? root.message : String(root);
  const [code, meaning] = PROTOCOL_FAULTS[typeOf(root)] ??
    CLIENT_FAULTS[root instanceof Error ? root.name : ''] ?? [
      'UNAVAILABLE',
      `Kafka does not answer as it should at ${brokers.join(', ')}: check that the brokers run and can be reached`,
    ];
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
const LOST = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP'];

export function isLostMembership(thrown: unknown): boolean {
  return LOST.includes(typeOf(thrown));
}

import type { ErrorCode } from '../../base/errors.ts';

export type Fault = readonly [code: ErrorCode, meaning: string];

const SHUT_OUT =
  'this transactional id was opened again since, or its transaction took longer than the broker waits for';

/** Kafka's own names of errors that are not the network's: what is wrong, and what helps. */
export const PROTOCOL_FAULTS: Readonly<Record<string, Fault>> = {
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
  UNSTABLE_OFFSET_COMMIT: [
    'UNAVAILABLE',
    "a transaction that is about to move the group's offset does not end: kafka-transactions.sh find-hanging names it",
  ],
  INVALID_PRODUCER_EPOCH: ['UNAVAILABLE', SHUT_OUT],
  PRODUCER_FENCED: ['UNAVAILABLE', SHUT_OUT],
  UNSUPPORTED_VERSION: [
    'PRECONDITION_FAILED',
    'the broker does not speak a version of the protocol that the client knows',
  ],
};

export const REFUSED_CREDENTIALS: Fault = [
  'PRECONDITION_FAILED',
  'the broker refuses the user name or password: check both, and the mechanism',
];

export function unanswered(brokers: readonly string[]): Fault {
  const where = brokers.join(', ');
  return [
    'UNAVAILABLE',
    `Kafka does not answer as it should at ${where}: check that the brokers run and can be reached`,
  ];
}

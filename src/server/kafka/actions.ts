import type { ErrorCode } from '../../base/errors.ts';

/**
 * What becomes of a batch when scoring it or sending its results fails. Nothing is ever skipped:
 *
 * - `retry`: soon again, with growing delays: the fault passes by itself.
 * - `dead-letter`: the fault is in an event; the culprits are found one by one and set aside, the others are scored.
 * - `pause`: the partition rests for `pauseMs`, then tries again: waiting may not be enough, somebody should look.
 *
 * A fault of one event alone (not JSON, wrong type, too large) is always a dead letter, whatever its code. So is, after some attempts, an
 * event at which the model fails with `INTERNAL` while it scores others of the same batch (handlers.ts counts the
 * attempts, suspects.ts finds the event).
 */
export type KafkaAction = 'retry' | 'dead-letter' | 'pause';

export const KAFKA_ACTIONS: { readonly [C in ErrorCode]: KafkaAction } = {
  INVALID_INPUT: 'dead-letter',
  SCHEMA_MISMATCH: 'dead-letter',
  DATA_UNREADABLE: 'pause',
  NOT_FOUND: 'pause',
  ARTEFACT_INVALID: 'pause',
  RATE_UNSUPPORTED: 'pause',
  DEVICE_UNAVAILABLE: 'pause',
  TRAINING_DIVERGED: 'pause',
  PRECONDITION_FAILED: 'pause',
  UNAUTHENTICATED: 'pause',
  PERMISSION_DENIED: 'pause',
  RESOURCE_EXHAUSTED: 'retry',
  DEADLINE_EXCEEDED: 'retry',
  UNAVAILABLE: 'retry',
  CANCELLED: 'retry',
  INTERNAL: 'pause',
};

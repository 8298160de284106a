import { protocolErrorsOf } from './faults.ts';
import type { Wire } from './wire.ts';

/** What became of a transaction. */
export type Outcome = 'committed' | 'aborted';

/** By the coordinator's names of an id's states (KIP-98, KIP-664). One that is open is taken back when its id is opened. */
const OUTCOMES: Readonly<Record<string, Outcome | undefined>> = {
  Empty: undefined,
  Dead: undefined,
  Ongoing: 'aborted',
  PrepareEpochFence: 'aborted',
  PrepareAbort: 'aborted',
  CompleteAbort: 'aborted',
  PrepareCommit: 'committed',
  CompleteCommit: 'committed',
};

/** Of an id that is new. */
const UNKNOWN_ID = 'TRANSACTIONAL_ID_NOT_FOUND';

/** What the coordinator knows of an id. */
export interface IdState {
  /** The session that has the id: each opening counts the epoch up. */
  readonly producerId: bigint;
  readonly producerEpoch: number;
  /** How its last transaction ended; undefined where it has had none since it was opened. */
  readonly outcome: Outcome | undefined;
}

/** Undefined for an id that nobody has opened yet. Ask before opening it. */
export async function readIdState(wire: Wire, transactionalId: string): Promise<IdState | undefined> {
  try {
    const { transactionStates } = await wire.atCoordinator('transaction', transactionalId, (broker) =>
      wire.ask('DescribeTransactions', broker, [transactionalId]),
    );
    const [state] = transactionStates;
    if (state === undefined) return undefined;
    const { producerId, producerEpoch, transactionState } = state;
    return { producerId, producerEpoch, outcome: OUTCOMES[transactionState] };
  } catch (thrown) {
    if (protocolErrorsOf(thrown).includes(UNKNOWN_ID)) return undefined;
    throw thrown;
  }
}

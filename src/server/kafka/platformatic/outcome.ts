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

/** How the last transaction of an id ended; undefined where it has had none since it was opened. Ask before opening it. */
export async function readOutcome(wire: Wire, transactionalId: string): Promise<Outcome | undefined> {
  try {
    const { transactionStates } = await wire.atCoordinator('transaction', transactionalId, (broker) =>
      wire.ask('DescribeTransactions', broker, [transactionalId]),
    );
    return OUTCOMES[transactionStates[0]?.transactionState ?? 'Empty'];
  } catch (thrown) {
    if (protocolErrorsOf(thrown).includes(UNKNOWN_ID)) return undefined;
    throw thrown;
  }
}

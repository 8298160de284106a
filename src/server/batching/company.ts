import type { Clock } from '../clock.ts';
import type { Later } from './alarm.ts';

/** Whether jobs come beside others, by how it was lately. */
export interface Company {
  /** A job of so many rows has come, behind others or as the first: whether it would only lose time if others were looked for before it is scored. */
  isAlone(isFirst: boolean, rows: number): boolean;
  /** Whether jobs came beside others a moment ago: it may pay to wait for more of them. */
  isBusy(): boolean;
  /** So many jobs go into an inference, and so many wait for the next one. */
  ran(jobs: number, waiting: number): void;
}

/** Jobs in a row that were alone each: one caller who calls again and again. Of several, two soon come together. */
const PROOFS = 8;

/** More of them take longer than a look for others does. */
const FEW_ROWS = 16;

/** Callers that were there before are not waited for. */
const MOMENT_MS = 1000;

export function createCompany(later: Later, clock: Pick<Clock, 'monotonicMs'>): Company {
  let [aloneInARow, togetherMs] = [0, -Infinity];
  const sawOthers = (): void => {
    [aloneInARow, togetherMs] = [0, clock.monotonicMs()];
  };
  /** A job was taken for alone in this turn: who comes now is beside it. */
  let wasTaken = false;
  return {
    isAlone: (isFirst, rows) => {
      if (!isFirst || wasTaken) sawOthers();
      if (aloneInARow < PROOFS || rows > FEW_ROWS) return false;
      wasTaken = true;
      later(() => (wasTaken = false), 0);
      return true;
    },
    isBusy: () => aloneInARow < PROOFS && clock.monotonicMs() - togetherMs < MOMENT_MS,
    ran: (jobs, waiting) => {
      if (jobs === 1 && waiting === 0) aloneInARow++;
      else sawOthers();
    },
  };
}

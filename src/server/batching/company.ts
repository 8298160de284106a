import type { Later } from './alarm.ts';

/** Whether jobs come beside others, by how it was lately. */
export interface Company {
  /** A job of so many rows has come, behind others or as the first: whether it would only lose time if others were looked for before it is scored. */
  isAlone(isFirst: boolean, rows: number): boolean;
  /** So many jobs go into an inference, and so many wait for the next one. */
  ran(jobs: number, waiting: number): void;
}

/** Jobs in a row that were alone each: one caller who calls again and again. Of several, two soon come together. */
const PROOFS = 8;

/** More of them take longer than a look for others does. */
const FEW_ROWS = 16;

export function createCompany(later: Later): Company {
  let aloneInARow = 0;
  /** A job was taken for alone in this turn: who comes now is beside it. */
  let wasTaken = false;
  return {
    isAlone: (isFirst, rows) => {
      if (!isFirst || wasTaken) aloneInARow = 0;
      if (aloneInARow < PROOFS || rows > FEW_ROWS) return false;
      wasTaken = true;
      later(() => (wasTaken = false), 0);
      return true;
    },
    ran: (jobs, waiting) => {
      aloneInARow = jobs === 1 && waiting === 0 ? aloneInARow + 1 : 0;
    },
  };
}

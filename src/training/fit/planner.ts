import type { TrainConfig } from '../config.ts';
import type { FitOptions } from './fit-critics.ts';

/** Fewer updates than this teach a critic nothing. */
const FEWEST_UPDATES = 10;

/** The plan of the configured family, with a share of its updates. */
export function planner({ family, values }: Pick<TrainConfig, 'family' | 'values'>, share: number): FitOptions['plan'] {
  const updates = values[family.budget] as number;
  const fewer = Math.min(updates, Math.max(FEWEST_UPDATES, Math.round(updates * share)));
  return (data, random) => family.plan({ ...values, [family.budget]: fewer }, data, random);
}

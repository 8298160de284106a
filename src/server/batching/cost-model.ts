/** What scoring costs, learnt from what it has cost lately: an inference takes `call + row * rows` milliseconds. */
export interface CostModel {
  /** Takes an inference of so many rows. */
  learnInference(rows: number, ms: number): void;
  /** Milliseconds that so many rows take. */
  expectMs(rows: number): number;
}

/** Weight that an inference keeps with each later one of its kind: the last fifty or so count. */
const MEMORY = 0.98;

/** An inference of more than this share of the most rows is a large one. */
const LARGE_SHARE = 1 / 8;

/** Weighted sums over inferences. */
interface Sums {
  weight: number;
  rows: number;
  ms: number;
}

/**
 * `maxRows`: most rows of an inference. The line goes through the means of small and of large inferences, each of which is
 * remembered until others of its kind come: after an hour of single rows it is still known what a full inference takes.
 * While only one kind was seen, more rows are taken to cost nothing more: who is let in wrongly teaches better.
 */
export function createCostModel(maxRows: number): CostModel {
  const [small, large]: [Sums, Sums] = [emptySums(), emptySums()];
  const line = (): { call: number; row: number } => {
    if (small.weight === 0) return { call: 0, row: large.rows === 0 ? 0 : large.ms / large.rows };
    const [fewRows, fewMs] = [small.rows / small.weight, small.ms / small.weight];
    if (large.weight === 0) return { call: fewMs, row: 0 };
    const [manyRows, manyMs] = [large.rows / large.weight, large.ms / large.weight];
    const row = Math.max(0, (manyMs - fewMs) / (manyRows - fewRows));
    return { row, call: Math.max(0, fewMs - row * fewRows) };
  };
  return {
    learnInference: (rows, ms) => {
      const kind = rows > LARGE_SHARE * maxRows ? large : small;
      kind.weight = MEMORY * kind.weight + 1;
      kind.rows = MEMORY * kind.rows + rows;
      kind.ms = MEMORY * kind.ms + ms;
    },
    expectMs: (rows) => {
      const { call, row } = line();
      return call * Math.ceil(rows / maxRows) + row * rows;
    },
  };
}

const emptySums = (): Sums => ({ weight: 0, rows: 0, ms: 0 });

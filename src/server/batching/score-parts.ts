import type { ScoreBatch } from '../../scoring/detector.ts';

/** Rows `from` to `to` of a batch, without copying. */
export function viewOf(batch: ScoreBatch, from: number, to: number): ScoreBatch {
  const { scores, pValues, verdicts, groups } = batch;
  if (from === 0 && to === scores.length) return batch;
  return {
    ...batch,
    scores: scores.subarray(from, to),
    pValues: pValues.subarray(from, to),
    verdicts: verdicts.subarray(from, to),
    ...(groups && { groups: { ...groups, of: groups.of.subarray(from, to) } }),
  };
}

/** Puts the parts of one job together, in order. All are scored by one model at one rate, and so have the same groups. */
export interface Collector {
  /** Rows so far. */
  readonly filled: number;
  /** The whole, once it is complete. */
  add(part: ScoreBatch): ScoreBatch | undefined;
}

export function createCollector(rows: number): Collector {
  let filled = 0;
  let whole: ScoreBatch | undefined;
  return {
    get filled() {
      return filled;
    },
    add: (part) => {
      const from = filled;
      filled += part.scores.length;
      if (part.scores.length === rows) return part;
      whole ??= emptyLike(part, rows);
      whole.scores.set(part.scores, from);
      whole.pValues.set(part.pValues, from);
      whole.verdicts.set(part.verdicts, from);
      if (part.groups) whole.groups?.of.set(part.groups.of, from);
      return filled === rows ? whole : undefined;
    },
  };
}

function emptyLike({ threshold, falsePositiveRate, groups }: ScoreBatch, rows: number): ScoreBatch {
  return {
    ...{ scores: new Float32Array(rows), pValues: new Float64Array(rows), verdicts: new Uint8Array(rows) },
    ...{ threshold, falsePositiveRate },
    ...(groups && { groups: { ...groups, of: new Uint16Array(rows) } }),
  };
}

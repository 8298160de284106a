import type { ScoreBatch } from '../../scoring/detector.ts';

/** Rows `from` to `to` of a batch, without copying. */
export function viewOf(batch: ScoreBatch, from: number, to: number): ScoreBatch {
  const { scores, pValues, verdicts, groups } = batch;
  if (from === 0 && to === scores.length) return batch;
  const part = {
    scores: scores.subarray(from, to),
    pValues: pValues.subarray(from, to),
    verdicts: verdicts.subarray(from, to),
    threshold: batch.threshold,
    falsePositiveRate: batch.falsePositiveRate,
  };
  return groups === undefined ? part : { ...part, groups: { ...groups, of: groups.of.subarray(from, to) } };
}

/** Puts the parts of one job together, in order. All are scored by one model at one rate, and so have the same groups. */
export class Collector {
  readonly #rows: number;
  #filled = 0;
  #whole: ScoreBatch | undefined;

  /** `rows`: those of the whole. */
  constructor(rows: number) {
    this.#rows = rows;
  }

  /** The whole, once it is complete. */
  add(part: ScoreBatch): ScoreBatch | undefined {
    const [from, rows] = [this.#filled, this.#rows];
    this.#filled += part.scores.length;
    if (part.scores.length === rows) return part;
    const whole = (this.#whole ??= emptyLike(part, rows));
    whole.scores.set(part.scores, from);
    whole.pValues.set(part.pValues, from);
    whole.verdicts.set(part.verdicts, from);
    if (part.groups) whole.groups?.of.set(part.groups.of, from);
    return this.#filled === rows ? whole : undefined;
  }
}

function emptyLike({ threshold, falsePositiveRate, groups }: ScoreBatch, rows: number): ScoreBatch {
  return {
    ...{ scores: new Float32Array(rows), pValues: new Float64Array(rows), verdicts: new Uint8Array(rows) },
    ...{ threshold, falsePositiveRate },
    ...(groups && { groups: { ...groups, of: new Uint16Array(rows) } }),
  };
}

import type { EncodedExchange, LabelledMatrix } from './controls.ts';
import {
  completeRows,
  createLayout,
  encode,
  scaleOf,
  standardise,
  type Encoded,
  type Layout,
  type Matrix,
  type Scale,
} from './encode.ts';
import type { Exchange, Source } from './sources.ts';

/** An exchange in z-scores. */
export interface Prepared extends EncodedExchange {
  readonly test: Matrix;
  /** Rows in the target's own schema and units, as z-scores. */
  readonly toMatrix: (rows: Source) => Matrix;
}

/**
 * Whose mean and deviation make a number a z-score: each source's own ones, which moves every source to one place and is blind to
 * units; or those of all rows together, which leaves the sources where they are.
 */
export type ScaledBy = 'source' | 'together';

export function prepareExchange({ target, others, test }: Exchange, scaledBy: ScaledBy): Prepared {
  const layout = createLayout([target, ...others]);
  const complete = [target, ...others].map((source) => encode(layout, completeRows(source, source)));
  const scales = SCALES[scaledBy](layout, complete);
  const labelled = complete.map((encoded, at): LabelledMatrix => ({
    ...standardise(layout, encoded, scales[at]!),
    classes: [target, ...others][at]!.classes,
  }));
  const toMatrix = (rows: Source): Matrix =>
    standardise(layout, encode(layout, completeRows(rows, target)), scales[0]!).rows;
  return { layout, target: labelled[0]!, others: labelled.slice(1), test: toMatrix(test), toMatrix };
}

const SCALES: { readonly [S in ScaledBy]: (layout: Layout, encoded: readonly Encoded[]) => Scale[] } = {
  source: (layout, encoded) => encoded.map((each) => scaleOf(layout, [each])),
  together: (layout, encoded) => encoded.map(() => scaleOf(layout, encoded)),
};

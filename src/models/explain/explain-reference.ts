/** What explain.onnx knows of the training rows: values that are normal, and how columns depend on each other. */
export interface ExplainReference {
  /**
   * For each compact column, values that training rows have: of numbers and cycles some quantiles, ascending; of levels
   * the most frequent indices. The fewer, the faster an explanation.
   */
  readonly usual: readonly (readonly number[])[];
  /** The score that a normal counterpart should not exceed: the median of the calibration scores that judge the row. */
  readonly normalScore: number;
  /** The same of rows that are judged by groups of their own; empty where rows are not grouped. */
  readonly groups: readonly NormalGroup[];
  readonly conditional: LinearConditional | null;
}

/** The linear prediction of each number from all other columns: expanded row x -> x weights + offsets, [n, numbers]. */
export interface LinearConditional {
  /** [expandedWidth, numbers], row after row; a number has weight 0 for itself. */
  readonly weights: Float32Array;
  readonly offsets: Float32Array;
}

export interface NormalGroup {
  /** Index in the compact row of each condition with levels, in the order of the fields. */
  readonly levelIndices: readonly number[];
  readonly normalScore: number;
}

import type { Detector } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import { createBatcher, type BatchingEvents, type BatchingLimits } from './batcher.ts';

export interface BatchedDetector extends Detector {
  /** Rows that wait for an inference. */
  readonly queuedRows: number;
  /** As `Waiting` has it. */
  readonly expectMs: (coming: number) => number;
}

export interface BatchingParts {
  readonly limits: BatchingLimits;
  readonly clock: Clock;
  readonly events: BatchingEvents;
}

/** The detector, with the calls of all callers gathered to common inferences (batcher.ts). */
export function createBatchedDetector(detector: Detector, parts: BatchingParts): BatchedDetector {
  const { rowWidth, inlineRows = Infinity } = detector.description;
  const { scoreNow } = detector;
  const isInline = (rows: Float32Array): boolean => rows.length <= inlineRows * rowWidth;
  const batcher = createBatcher({
    ...parts,
    rowWidth,
    score: (rows, falsePositiveRate) =>
      scoreNow !== undefined && isInline(rows)
        ? scoreNow(rows, falsePositiveRate)
        : detector.score(rows, { falsePositiveRate }),
  });
  return {
    ...detector,
    get queuedRows() {
      return batcher.queuedRows;
    },
    expectMs: (coming) => batcher.expectMs(coming),
    // What comes beside others is scored with them.
    scoreNow: undefined,
    async score(rows, options = {}) {
      const packed = rows instanceof Float32Array ? rows : detector.encode(rows);
      const { falsePositiveRate, priority, deadlineMs, checkAlive, onStage, isTrial } = options;
      // A caller's own fault is the caller's alone, and found before the rows wait beside others'.
      if (falsePositiveRate !== undefined) detector.thresholdAt(falsePositiveRate);
      const isWhole = packed.length > 0 && packed.length % rowWidth === 0;
      if (!isWhole) return detector.score(packed, options);
      return batcher.score({ rows: packed, falsePositiveRate, priority, deadlineMs, checkAlive, onStage, isTrial });
    },
  };
}

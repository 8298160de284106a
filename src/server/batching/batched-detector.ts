import type { Detector } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import { createBatcher, type BatchingEvents, type BatchingLimits } from './batcher.ts';

export interface BatchedDetector extends Detector {
  /** Rows that wait for an inference. */
  readonly queuedRows: number;
}

export interface BatchingParts {
  readonly limits: BatchingLimits;
  readonly clock: Clock;
  readonly events: BatchingEvents;
}

/** The detector, with the calls of all callers gathered to common inferences (batcher.ts). */
export function createBatchedDetector(detector: Detector, parts: BatchingParts): BatchedDetector {
  const { rowWidth } = detector.description;
  const batcher = createBatcher({
    ...parts,
    rowWidth,
    score: (rows, falsePositiveRate) => detector.score(rows, { falsePositiveRate }),
  });
  return {
    ...detector,
    get queuedRows() {
      return batcher.queuedRows;
    },
    async score(rows, options = {}) {
      const packed = rows instanceof Float32Array ? rows : detector.encode(rows);
      // A caller's own fault is the caller's alone, and found before the rows wait beside others'.
      if (options.falsePositiveRate !== undefined) detector.thresholdAt(options.falsePositiveRate);
      const isWhole = packed.length > 0 && packed.length % rowWidth === 0;
      return isWhole ? batcher.score({ ...options, rows: packed }) : detector.score(packed, options);
    },
  };
}

import type { DetectorDescription } from '../../../scoring/detector.ts';
import type { RecentListener, RecentSnapshot } from '../../recent-scores.ts';

/** What the live page shows of the scores; `RecentScores` is one. */
export interface PageFeed {
  snapshot(nowMs: number): RecentSnapshot;
  subscribe(listener: RecentListener): () => void;
}

/** What the live page shows of the model; a `Detector` is one. */
export interface PageModel {
  readonly description: DetectorDescription;
  /** The score above which a row is flagged at a false-positive rate. */
  thresholdAt(falsePositiveRate: number): number;
}

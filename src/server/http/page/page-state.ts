import { falseAlarmBand, type Band } from '../../../scoring/false-alarm-band.ts';
import type { Clock } from '../../clock.ts';
import type { RecentPoint } from '../../recent-scores.ts';
import { countByBin } from './calibration-shape.ts';
import type { PageFeed } from './feed.ts';
import { RateMeter } from './rate-meter.ts';
import { Reasons, type ExplainRecord } from './reasons.ts';
import type { ShownModel } from './shown-model.ts';
import { cutText, toShownRecord, type ShownRecord } from './shown-record.ts';

/** Points of one message; a burst is thinned, for nobody sees more dots than these in a fifth of a second. */
const MAX_POINTS = 40;
/** Points for a page that has just been opened. */
const BACKLOG = 240;
const WORST_SHOWN = 10;
/** Seconds over which the shown throughput is averaged. */
const THROUGHPUT_SECONDS = 5;
const ALARM_SECONDS = 59;
const BAND_LEVEL = 0.99;

/** [sequence, score, p-value, flagged]. */
export type ShownPoint = readonly [number, number, number, 0 | 1];

export interface ShownWorst {
  readonly sequence: number;
  readonly atMs: number;
  readonly transport: string;
  readonly score: number;
  readonly pValue: number;
  readonly anomalous: boolean;
  readonly record: ShownRecord;
  /** Sentences about the fields that make it anomalous; empty until they are known. */
  readonly reasons: readonly string[];
}

export interface ShownScores {
  readonly atMs: number;
  readonly rows: number;
  readonly flagged: number;
  readonly rowsPerSecond: number;
  /** Of the last minute. */
  readonly minute: {
    readonly rows: number;
    readonly flagged: number;
    /** Flagged rows that normal rows alone would give, 99 times in 100; null where groups of rows have thresholds of their own. */
    readonly band: Band | null;
  };
  /** The latest rows by bin of the model's score axis. */
  readonly counts: readonly number[];
  readonly points: readonly ShownPoint[];
  readonly worst: readonly ShownWorst[];
}

/** What the page shows, as data. It holds no history of its own but a minute of counts: the feed has the rest. */
export class PageState {
  readonly model: ShownModel;
  readonly #feed: PageFeed;
  readonly #clock: Clock;
  readonly #meter = new RateMeter();
  readonly #reasons: Reasons;
  readonly #unsubscribe: () => void;
  #seen = 0;

  /** `explain`: the worst records are shown without reasons where it is absent. */
  constructor(model: ShownModel, feed: PageFeed, clock: Clock, explain?: ExplainRecord) {
    this.#feed = feed;
    this.#clock = clock;
    this.model = model;
    this.#reasons = new Reasons(explain);
    this.#seen = feed.snapshot(clock.wallMs()).totals.rows;
    this.#unsubscribe = feed.subscribe((_, totals) => this.#meter.record(clock.wallMs(), totals));
  }

  /** Everything, for a page that has just been opened. */
  backlog(): ShownScores {
    return this.#show((latest) => latest.slice(-BACKLOG));
  }

  /** What is new since the last call. */
  next(): ShownScores {
    const before = this.#seen;
    return this.#show((latest) => {
      this.#seen = latest.at(-1)?.sequence ?? before;
      return thin(
        latest.filter((score) => score.sequence > before),
        MAX_POINTS,
      );
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  #minute(nowMs: number): ShownScores['minute'] {
    const { rows, flagged } = this.#meter.over(nowMs, ALARM_SECONDS);
    const { falsePositiveRate, calibrationRows, groups } = this.model;
    const law = { freshRows: rows, rate: falsePositiveRate, calibrationRows };
    const band = rows === 0 || groups > 0 ? null : falseAlarmBand(law, BAND_LEVEL);
    return { rows, flagged, band };
  }

  #show(choose: (latest: readonly RecentPoint[]) => readonly RecentPoint[]): ShownScores {
    const nowMs = this.#clock.wallMs();
    const { totals, latest, worst: all } = this.#feed.snapshot(nowMs);
    const worst = all.slice(0, WORST_SHOWN);
    this.#reasons.look(worst);
    return {
      atMs: nowMs,
      ...totals,
      rowsPerSecond: this.#meter.over(nowMs, THROUGHPUT_SECONDS).rows / THROUGHPUT_SECONDS,
      minute: this.#minute(nowMs),
      counts: countByBin(
        this.model.edges,
        latest.map((score) => score.score),
      ),
      points: choose(latest).map(toPoint),
      worst: worst.map((score) => ({
        ...score,
        record: toShownRecord(score.record),
        reasons: this.#reasons.of(score).map(cutText),
      })),
    };
  }
}

function toPoint(score: RecentPoint): ShownPoint {
  return [score.sequence, score.score, score.pValue, score.anomalous ? 1 : 0];
}

/** At most `count` scores; the flagged ones stay, for they are what the page is for. */
function thin(scores: readonly RecentPoint[], count: number): readonly RecentPoint[] {
  const stride = Math.ceil(scores.length / count);
  if (stride <= 1) return scores;
  const kept = scores.filter((score, index) => score.anomalous || index % stride === 0);
  return kept.slice(-2 * count);
}

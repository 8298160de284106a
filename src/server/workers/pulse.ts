import type { Checks } from '../http/handlers.ts';
import type { ShownDrift } from '../http/page/shown-drift.ts';
import type { ShownModels } from '../http/page/shown-models.ts';
import type { RecentPoint, RecentScores } from '../recent-scores.ts';
import type { Pulse, ScoresPulse } from './contract.ts';

export interface PulseParts {
  readonly recent: Pick<RecentScores, 'snapshot' | 'subscribe' | 'totals'>;
  readonly checks: () => Checks;
  readonly drift: () => ShownDrift | undefined;
  readonly models: () => ShownModels;
  readonly wallMs: () => number;
  readonly send: (pulse: Pulse) => void;
}

/** The live page shows new scores as often. */
const INTERVAL_MS = 200;
/** Pulses without news before one is sent all the same, and between looks at what goes over all fields or models. */
const SLOW = 5;
/** Points that are told of at a time: more than a page shows of them. */
const MOST_POINTS = 100;

/** Tells what is new at a worker, five times a second while there is anything, until the returned function is called. */
export function startPulse({ recent, send, wallMs, ...parts }: PulseParts): () => void {
  const scores = createScoresReader(recent, wallMs);
  const readers = {
    checks: createChangeReader(parts.checks),
    drift: createChangeReader(parts.drift),
    models: createChangeReader(parts.models),
  };
  let beat = 0;
  const tick = (): void => {
    const isSlow = beat++ % SLOW === 0;
    const pulse = {
      ...scores.read(),
      ...readers.checks('checks'),
      ...(isSlow && { ...readers.drift('drift'), ...readers.models('models') }),
    };
    if (isSlow || Object.keys(pulse).length > 0) send(pulse);
  };
  tick();
  const timer = setInterval(tick, INTERVAL_MS).unref();
  return () => {
    clearInterval(timer);
    scores.close();
    tick();
  };
}

/** The value under a name where it has changed, else nothing. */
function createChangeReader<T>(read: () => T): <K extends string>(name: K) => { readonly [key in K]?: T } {
  let last: string | undefined = 'never';
  return (name) => {
    const value = read();
    const text = JSON.stringify(value);
    if (text === last) return {};
    last = text;
    return { [name]: value } as { readonly [key in typeof name]?: T };
  };
}

function createScoresReader(recent: PulseParts['recent'], wallMs: () => number) {
  let points: RecentPoint[] = [];
  let [rows, told] = [0, new Set<number>()];
  const unsubscribe = recent.subscribe((taken) => {
    points.push(...taken);
    if (points.length > 2 * MOST_POINTS) points = thin(points);
  });
  return {
    close: unsubscribe,
    read: (): { readonly scores?: ScoresPulse } => {
      const { totals } = recent;
      if (totals.rows === rows) return {};
      rows = totals.rows;
      const fresh = thin(points);
      points = [];
      const { worst } = recent.snapshot(wallMs());
      const sequences = worst.map(({ sequence }) => sequence);
      const added = worst.filter(({ sequence }) => !told.has(sequence));
      const isNew = added.length > 0 || sequences.length !== told.size;
      told = new Set(sequences);
      return { scores: { totals, points: fresh, ...(isNew && { worst: { sequences, added } }) } };
    },
  };
}

/** The flagged ones stay: they are what is looked for. */
function thin(points: readonly RecentPoint[]): RecentPoint[] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  if (stride <= 1) return [...points];
  return points.filter(({ anomalous }, index) => anomalous || index % stride === 0).slice(-2 * MOST_POINTS);
}

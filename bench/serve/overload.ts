import { median } from '../step/peer.ts';
import { REFUSED, UNSENT } from './client.ts';
import type { LoadResult } from './load.ts';
import { runLoad } from './measure.ts';
import { SCORE_PATH, scoreRequest } from './messages.ts';
import type { Stage } from './parts.ts';
import { pinApart } from './pin.ts';

export interface Overload {
  readonly rows: number;
  readonly deadlineMs: number;
  /** The most calls a second that callers who wait for their answers got, however many they were. */
  readonly peak: number;
  readonly offers: readonly Offer[];
  /** Of the peak of that moment, in the first seconds of the largest offer: the compiler has not seen an overload of such calls yet. */
  readonly firstShare: number;
  readonly firstSeconds: number;
  /** Whether server and client kept to a core each. */
  readonly pinned?: boolean;
}

/** Calls at random times, so many times the peak, whoever is answered. */
export interface Offer {
  readonly times: number;
  /** Answered in time a second, and as a share of the peak. */
  readonly goodput: number;
  readonly share: number;
  /** Calls of all runs: taken by the server; of these, ended more than a tenth of the deadline late; refused; never sent by the client, whose own deadline passed. */
  readonly accepted: number;
  readonly tooLate: number;
  readonly refused: number;
  readonly unsent: number;
  /** Median milliseconds until an answer. */
  readonly p50: number;
}

/** Under overload other code is run than at the peak: as elsewhere, it is not the compiler that is measured. */
const [WARM_UPS, WARM_UP_SECONDS] = [4, 3];

/** Callers who wait for their answers. */
const PEAK_CALLERS = [16, 100, 400];
/** The last one has to meet the bars. */
export const OFFERS = [1, 2, 3] as const;

/** More calls than can be answered, each with a deadline, from a client that costs little. */
export async function measureOverload(stage: Stage, rows: number, deadlineMs: number): Promise<Overload> {
  const release = pinApart([stage.aristarch.pid, stage.client.pid]);
  try {
    return { ...(await measureOffers(stage, rows, deadlineMs)), pinned: release !== undefined };
  } finally {
    release?.();
  }
}

async function measureOffers(stage: Stage, rows: number, deadlineMs: number): Promise<Overload> {
  const { client, aristarch, rounds, seconds } = stage;
  const load = { client: 'wire' as const, path: SCORE_PATH, request: scoreRequest(rows), connections: 4, seconds };
  const measurePeak = async (): Promise<number> => {
    const rates: number[] = [];
    for (const callers of PEAK_CALLERS) {
      rates.push((await runLoad(client, aristarch, { ...load, shape: { kind: 'closed', callers } })).perSecond);
    }
    return Math.max(...rates);
  };
  const offer = (perSecond: number, each = seconds): Promise<LoadResult> =>
    runLoad(client, aristarch, { ...load, seconds: each, shape: { kind: 'open', perSecond, deadlineMs } });
  const firstPeak = await measurePeak();
  const most = Math.max(...OFFERS) * firstPeak;
  const first = await offer(most, WARM_UP_SECONDS);
  for (let more = 1; more < WARM_UPS; more++) await offer(most, WARM_UP_SECONDS);
  const peaks: number[] = [];
  const runs = OFFERS.map((): LoadResult[] => []);
  for (let round = 0; round < rounds; round++) {
    const peak = await measurePeak();
    peaks.push(peak);
    for (const [index, times] of OFFERS.entries()) runs[index]!.push(await offer(times * peak));
  }
  const offers = OFFERS.map((times, index) => toOffer(times, runs[index]!, peaks, seconds));
  const firstShare = first.inTime / WARM_UP_SECONDS / firstPeak;
  return { rows, deadlineMs, peak: median(peaks), firstShare, firstSeconds: WARM_UP_SECONDS, offers };
}

function toOffer(times: number, runs: readonly LoadResult[], peaks: readonly number[], seconds: number): Offer {
  const sum = (of: (run: LoadResult) => number | undefined): number =>
    runs.reduce((total, run) => total + (of(run) ?? 0), 0);
  return {
    times,
    goodput: median(runs.map(({ inTime }) => inTime / seconds)),
    share: median(runs.map(({ inTime }, round) => inTime / seconds / peaks[round]!)),
    accepted: sum((run) => run.accepted),
    tooLate: sum((run) => run.tooLate),
    refused: sum(({ statuses }) => statuses[REFUSED]),
    unsent: sum(({ statuses }) => statuses[UNSENT]),
    p50: median(runs.map(({ p50 }) => p50)),
  };
}

/** Rows of a call and milliseconds it may take: one where the transport costs most, one where the critic does. */
export const OVERLOADS = [
  { rows: 1, deadlineMs: 250 },
  { rows: 256, deadlineMs: 250 },
] as const;

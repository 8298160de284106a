import type { Priority } from '../../scoring/detector.ts';
import type { Clock } from '../clock.ts';
import { type AdmissionQuestion, plannedMs } from './admission.ts';
import { createCostModel } from './cost-model.ts';
import { createLeastTimes } from './least-times.ts';
import type { Queue, Waiting } from './queue.ts';

/** A job that has come, and is in no queue yet. */
interface Coming {
  readonly priority: Priority;
  readonly rows: number;
  readonly remainingMs: number;
}

type Prospect = Pick<AdmissionQuestion, 'expectedMs' | 'isAlone' | 'queuedRows'>;

/** Of which, with a deadline, the mean number of rows is known. */
const JOBS_REMEMBERED = 50;

/** When things will be done, by what they have cost lately. */
export function createForecast(
  queue: Pick<Queue<Waiting>, 'ahead' | 'jobs' | 'rows' | 'rowsFrom'>,
  maxBatchRows: number,
  clock: Clock,
) {
  const cost = createCostModel(maxBatchRows);
  const least = createLeastTimes();
  /** `runsUntilMs`: when the inference that runs should be over. */
  let [startedMs, runsUntilMs, jobRows] = [0, 0, 1];
  const restMs = (running: boolean): number => (running ? Math.max(0, runsUntilMs - clock.monotonicMs()) : 0);
  const expectMs = (running: boolean, { priority, rows }: Coming): number =>
    restMs(running) + cost.expectMs(queue.ahead(priority, rows) + rows);
  /** 0 where it may be in time. */
  const expectAloneMs = ({ rows, remainingMs }: Coming): number => {
    // Between the inferences of a large job others have their turn; one inference is begun at once.
    const [expectedMs, mostMs] =
      rows <= maxBatchRows ? [least.leastMs(rows), remainingMs] : [cost.expectMs(rows), plannedMs(remainingMs)];
    // An expectation that is wrong is put right by trying.
    return expectedMs > mostMs && !least.isTurnToTry(rows) ? expectedMs : 0;
  };
  return {
    learnJob: (rows: number): void => {
      jobRows += (rows - jobRows) / JOBS_REMEMBERED;
    },
    expectComingMs: (running: boolean, coming: number): number => {
      if (!running && queue.jobs === 0 && coming === 0) return 0;
      return restMs(running) + cost.expectMs(queue.ahead('normal', jobRows) + (coming + 1) * jobRows);
    },
    /** What a job that came now would meet with. */
    prospectOf: (running: boolean, coming: Coming): Prospect => {
      const isAlone = !running && queue.jobs === 0;
      return {
        isAlone,
        queuedRows: queue.rowsFrom(coming.priority),
        expectedMs: isAlone ? expectAloneMs(coming) : expectMs(running, coming),
      };
    },
    /** Milliseconds that what waits can wait longer, so that it is scored within a deadline. */
    spareMs: (deadlineMs = Infinity): number =>
      Math.max(0, plannedMs(deadlineMs - clock.wallMs()) - cost.expectMs(queue.rows)),
    /** An inference begins; the answer is when. */
    begin: (rows: number): number => {
      startedMs = clock.monotonicMs();
      runsUntilMs = startedMs + cost.expectMs(rows);
      return startedMs;
    },
    /** It has ended; the answer is how long it took. */
    end: (rows: number): number => {
      const tookMs = clock.monotonicMs() - startedMs;
      cost.learnInference(rows, tookMs);
      least.learn(rows, tookMs);
      return tookMs;
    },
  };
}

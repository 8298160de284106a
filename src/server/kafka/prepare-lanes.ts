import { setTimeout as sleep } from 'node:timers/promises';
import { type AristarchError, toAristarchError } from '../../base/errors.ts';
import type { Lane } from './lane.ts';
import { spread } from './spread.ts';

/** First and longest wait before what could not be prepared is tried again; it doubles from round to round. */
const WAIT_MS = { first: 1_000, longest: 60_000 };

/** Lanes that are prepared at the same time: each takes the brokers some round trips, and hardly any work. */
const AT_ONCE = 8;

/** Prepares lanes, by their partitions, some at a time, and those that fail again and again until `signal` aborts. */
export async function prepareLanes(
  lanes: ReadonlyMap<number, Pick<Lane, 'prepare'>>,
  onFault: (partition: number, error: AristarchError, delayMs: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const left = new Map(lanes);
  for (let mostMs = WAIT_MS.first; left.size > 0; mostMs = Math.min(2 * mostMs, WAIT_MS.longest)) {
    const delayMs = spread(mostMs, Math.random);
    const waiting = [...left];
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
        const [partition, lane] = next;
        try {
          await lane.prepare();
          left.delete(partition);
        } catch (thrown) {
          if (!isOver(signal)) onFault(partition, toAristarchError(thrown), delayMs);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (left.size > 0) await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    if (isOver(signal)) return;
  }
}

/** Asked anew, which a compiler does not expect of a value that it has seen. */
const isOver = ({ aborted }: AbortSignal): boolean => aborted;

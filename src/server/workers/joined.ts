import { setTimeout as sleep } from 'node:timers/promises';
import { AristarchError } from '../../base/errors.ts';
import type { WorkerProcess } from './fork.ts';

const AGAIN_MS = 100;

/**
 * Resolves when so many workers have joined Kafka's group. One that is lost meanwhile is replaced, and the other one waited for; throws
 * `CANCELLED` once the service stops, be it by a fault that no other worker cures.
 */
export async function allJoined(
  count: number,
  crew: { readonly serving: readonly WorkerProcess[] },
  phase: { readonly stopping: boolean },
): Promise<void> {
  for (;;) {
    const workers = crew.serving;
    const asked = await Promise.allSettled(workers.map(({ channel }) => channel.ask('joined', undefined)));
    if (phase.stopping)
      throw new AristarchError('CANCELLED', 'the service stops before all workers have joined the group');
    if (workers.length === count && asked.every(({ status }) => status === 'fulfilled')) return;
    await sleep(AGAIN_MS, undefined, { ref: false });
  }
}

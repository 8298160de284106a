import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { AristarchError } from '../../../src/base/errors.ts';
import { AristarchError as Fault } from '../../../src/base/errors.ts';
import type { WorkerFacts } from '../../../src/server/workers/contract.ts';
import type { WorkerProcess } from '../../../src/server/workers/fork.ts';
import { Supervisor } from '../../../src/server/workers/supervisor.ts';
import { createListeningLog } from '../../support/serve-fixture.ts';
import { until } from '../../support/until.ts';

const FACTS: WorkerFacts = { model: undefined, grpc: '127.0.0.1:1' };
const SOON = { firstBackoffMs: 10, windowMs: 60_000, lookMs: 10, mostSilent: 3, startMs: 200 };

/** A process that exists in name only, and ends when it is told to. */
function createProcess(): WorkerProcess & { readonly asked: string[]; end(how: string): void } {
  let end: (how: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (end = resolve));
  const asked: string[] = [];
  const ask = (name: string) => {
    asked.push(name);
    return Promise.resolve(undefined as never);
  };
  const release = () => end('exit status 0');
  return { pid: 1, channel: { ask }, awake: Promise.resolve(), ended, asked, release, kill: () => end('SIGKILL'), end };
}

function supervise(
  count: number,
  begin: (worker: WorkerProcess, slot: number) => Promise<WorkerFacts> = () => Promise.resolve(FACTS),
) {
  const forked: { slot: number; worker: ReturnType<typeof createProcess>; atMs: number }[] = [];
  const fatal: AristarchError[] = [];
  const lost: WorkerProcess[] = [];
  const { log, lines } = createListeningLog();
  const supervisor = new Supervisor({
    ...{ count, begin, log, times: SOON },
    fork: (slot) => {
      const worker = createProcess();
      forked.push({ slot, worker, atMs: performance.now() });
      return worker;
    },
    onLost: (worker) => lost.push(worker),
    onFatal: (error) => fatal.push(error),
    clock: { monotonicMs: () => performance.now() },
  });
  const beat = setInterval(() => [1, 2].slice(0, count).forEach((slot) => supervisor.heard(slot)), 5);
  const stop = async () => {
    clearInterval(beat);
    await supervisor.stop(1000);
  };
  return { supervisor, forked, fatal, lost, lines, beat, stop };
}

describe('workers', () => {
  it('are replaced in their own slot, later each time, and end the service when they end again and again', async () => {
    const { supervisor, forked, fatal, lost, stop } = supervise(2);
    await supervisor.start();
    expect(supervisor.serving).toHaveLength(2);
    for (let loss = 1; loss < 5; loss++) {
      const { worker } = forked.findLast(({ slot }) => slot === 2)!;
      const killedMs = performance.now();
      worker.end('SIGSEGV');
      await until('another one', () => forked.length === 2 + loss && supervisor.serving.length === 2);
      expect(forked.at(-1)!.slot).toBe(2);
      expect(forked.at(-1)!.atMs - killedMs).toBeGreaterThanOrEqual(10 * 2 ** (loss - 1) - 1);
    }
    expect(fatal).toEqual([]);
    forked.at(-1)!.worker.end('SIGSEGV');
    await until('the end of the service', () => fatal.length === 1);
    expect(fatal[0]!.message).toBe(
      'worker 2 ended (SIGSEGV), as 4 before it within 60 s: the service ends; its log says what happened before each',
    );
    expect(lost).toHaveLength(5);
    expect(supervisor.serving).toHaveLength(1);
    await stop();
  });

  it('are killed and replaced when they hang', async () => {
    const { supervisor, forked, beat, lines, stop } = supervise(1);
    await supervisor.start();
    clearInterval(beat);
    await until('it to be killed', () => forked.length === 2);
    expect(await forked[0]!.worker.ended).toBe('SIGKILL');
    expect(lines().some(({ msg }) => String(msg).startsWith('worker 1 has hung'))).toBe(true);
    await stop();
  });

  it('have as long to finish as a timer can wait, where they are given longer', async () => {
    const { supervisor, forked, beat } = supervise(1);
    await supervisor.start();
    clearInterval(beat);
    const { worker } = forked[0]!;
    let finished = false;
    const finish = (): void => void (finished = true);
    Object.assign(worker.channel, { ask: () => sleep(50).then(finish) });
    await supervisor.stop(2 ** 31 + 2000);
    expect(finished).toBe(true);
  });

  it('are asked to finish, let go, and not replaced when the service stops', async () => {
    const { supervisor, forked, lost, stop } = supervise(2);
    await supervisor.start();
    await stop();
    for (const { worker } of forked) {
      expect(worker.asked).toEqual(['stop']);
      expect(await worker.ended).toBe('exit status 0');
    }
    expect([forked.length, lost.length, supervisor.serving.length]).toEqual([2, 0, 0]);
  });

  it('are ended when they do not serve in time, and the start fails', async () => {
    const { supervisor, forked, stop } = supervise(1, () => new Promise(() => undefined));
    await expect(supervisor.start()).rejects.toThrow(/worker 1 does not serve after 0.2 s: see whether its models/);
    expect(await forked[0]!.worker.ended).toBe('SIGKILL');
    await stop();
  });

  it('are all ended when one of them cannot start, and its error is thrown', async () => {
    const broken = new Fault('ARTEFACT_INVALID', 'critic.onnx has another hash');
    const { supervisor, forked, stop } = supervise(2, (_, slot) =>
      slot === 1 ? Promise.resolve(FACTS) : Promise.reject(broken),
    );
    await expect(supervisor.start()).rejects.toBe(broken);
    for (const { worker } of forked) await worker.ended;
    expect(supervisor.serving).toEqual([]);
    await stop();
  });
});

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** A script of this folder in a process of its own, which answers one question at a time. */
export interface Child {
  readonly pid: number;
  ask(question: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export function startChild(file: string): Child {
  const child = fork(new URL(file, import.meta.url), { execArgv: ['--import', 'tsx'] });
  return {
    pid: child.pid!,
    ask: async (question) => {
      const answered = new AbortController();
      const { signal } = answered;
      const ended = once(child, 'exit', { signal }).then(() => {
        throw new Error(`bench/serve/${file} ended before it answered`);
      });
      child.send(question as object);
      try {
        const [answer] = (await Promise.race([once(child, 'message', { signal }), ended])) as [Answer];
        if (answer.error !== undefined) throw new Error(`bench/serve/${file}: ${answer.error}`);
        return answer.value;
      } finally {
        answered.abort();
        ended.catch(() => undefined);
      }
    },
    stop: () => stopProcess(child),
  };
}

interface Answer {
  readonly error?: string;
  readonly value?: unknown;
}

/** The child's side: what `answer` gives goes back. */
export function answerParent(answer: (question: never) => unknown): void {
  process.on('message', (question) => {
    Promise.resolve(answer(question as never)).then(
      (value) => process.send?.({ value }),
      (error: unknown) => process.send?.({ error: String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** Linux counts a process's time in hundredths of a second (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS_PER_SECOND = 100;

/** Seconds of processor time that a process, its threads and its children have used; NaN where there is no /proc. */
export function cpuSecondsOf(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== '');
    return children.reduce((sum, child) => sum + cpuSecondsOf(Number(child)), ownCpuSecondsOf(pid));
  } catch {
    return NaN;
  }
}

function ownCpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return NaN;
  }
}

/** MiB of memory that a process holds; NaN where there is no /proc. */
export function residentMebibytesOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return NaN;
  }
}

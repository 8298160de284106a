import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessOrders } from './kafka-scoring-process.ts';
import { waitUntil } from './wait-until.ts';

export interface ScoringChild {
  readonly pid: number | undefined;
  /** Whether it has ended, by itself or not. */
  readonly ended: boolean;
  /** Resolves when the process has logged a message that contains `text`. */
  logged(text: string, timeoutMs?: number): Promise<void>;
  /** The last lines that it has logged. */
  lastLines(count: number): readonly string[];
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Ends the process at once, without any chance to clean up. */
  kill(): Promise<void>;
}

export function spawnScoring(orders: ProcessOrders): ScoringChild {
  const script = join(import.meta.dirname, 'kafka-scoring-process.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(orders)], {
    cwd: resolve(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => void lines.push(line));
  return {
    pid: child.pid,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    async logged(text, timeoutMs = 30_000) {
      await waitUntil(
        `the line "${text}" of the scoring process`,
        () => lines.some((line) => line.includes(text)),
        timeoutMs,
      );
    },
    lastLines: (count) => lines.slice(-count),
    signal: (name) => void child.kill(name),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

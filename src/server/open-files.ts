import { readFileSync } from 'node:fs';

/** How many files this process may have open, by the kernel of Linux; infinitely many where that is not told. */
export function readOpenFiles(): number {
  try {
    const [, limit] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(limit ?? Infinity);
  } catch {
    return Infinity;
  }
}

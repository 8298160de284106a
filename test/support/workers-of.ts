import { readFileSync } from 'node:fs';

/** Process ids of a service's workers at present, by its primary's. */
export function workersOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number).filter(isWorker);
}

/** The compiler that TypeScript runs through is a process, too. */
function isWorker(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('worker-main');
  } catch {
    return false;
  }
}

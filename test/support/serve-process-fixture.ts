import { afterEach } from '@jest/globals';
import { type ServeProcess, startServeProcess } from './serve-process.ts';

/** The real `serve` command in processes of their own, on free ports unless flags say otherwise; killed after each test. */
export function createServeProcessFixture(): (...flags: string[]) => Promise<ServeProcess> {
  const running: ServeProcess[] = [];
  afterEach(async () => {
    for (const each of running.splice(0)) await each.kill();
  });
  return async (...flags) => {
    const started = await startServeProcess(...flags);
    running.push(started);
    return started;
  };
}

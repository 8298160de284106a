import { AristarchError } from '../../base/errors.ts';
import type { Session } from '../executor.ts';
import { openCpuSession } from '../onnxruntime/cpu-session.ts';
import type { ThreadCalls } from './contract.ts';

const sessions = new Map<number, Promise<Session>>();

const find = (session: number): Promise<Session> =>
  sessions.get(session) ??
  Promise.reject(new AristarchError('INTERNAL', `the inference thread has no session ${session}`));

/** What runs in the inference thread (life.ts): ONNX Runtime computes on the thread that calls it, and here nobody else waits. */
export const calls: ThreadCalls = {
  load: async ({ session, onnx, threads }) => {
    const opening = openCpuSession(onnx, threads);
    sessions.set(session, opening);
    await opening.catch((thrown: unknown) => {
      sessions.delete(session);
      throw thrown;
    });
  },
  run: async ({ session, feeds }) => {
    const found = await find(session);
    return found.runNow?.(feeds) ?? found.run(feeds);
  },
  close: async (session) => {
    const closing = await find(session);
    sessions.delete(session);
    await closing.close();
  },
  echo: () => undefined,
};

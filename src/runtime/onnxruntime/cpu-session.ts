import { setImmediate as nextTurn } from 'node:timers/promises';
import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { NamedArrays, Session } from '../executor.ts';
import { env, InferenceSession, type NativeSession, openNativeSession } from './engine.ts';
import { sessionOptions } from './session-options.ts';
import { fromTensors, toNativeTensors, toTensors } from './tensors.ts';

/**
 * A model's bytes on the CPU. It runs on the thread that calls, before it returns where the package has a way to that. Throws
 * `ARTEFACT_INVALID`.
 */
export async function openCpuSession(onnx: Uint8Array, threads: number): Promise<Session> {
  const options = sessionOptions('cpu', threads);
  try {
    const native = openNativeSession(onnx, options);
    return native === undefined ? toSession(await InferenceSession.create(onnx, options)) : toNativeSession(native);
  } catch (thrown) {
    throw notLoadable(thrown);
  }
}

/** Faults come back as errors with our words; the library's own lines on standard error would only repeat them. */
export function silence(): void {
  env.logLevel = 'fatal';
}

export function notLoadable(thrown: unknown): AristarchError {
  const { message } = toAristarchError(thrown);
  const text = `ONNX Runtime cannot load the graph: ${firstLine(message)}`;
  return new AristarchError('ARTEFACT_INVALID', text, {}, thrown);
}

export const firstLine = (message: string): string => (message.split('\n')[0] ?? message).trim();

function toNativeSession({ run, dispose }: NativeSession): Session {
  const runNow = (feeds: NamedArrays): NamedArrays => fromTensors(run(toNativeTensors(feeds)));
  return {
    runNow,
    // Another turn of the event loop first: whoever runs many one after the other lets others in between.
    run: async (feeds) => {
      await nextTurn();
      return runNow(feeds);
    },
    close: () => {
      dispose();
      return Promise.resolve();
    },
  };
}

function toSession(session: InferenceSession): Session {
  return {
    run: async (feeds) => fromTensors(await session.run(toTensors(feeds))),
    close: () => session.release(),
  };
}

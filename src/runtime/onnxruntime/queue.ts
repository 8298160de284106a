/** Runs one piece of work after the other, in the order in which they were asked for. */
export type Queue = <T>(work: () => Promise<T>) => Promise<T>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next;
    return next;
  };
}

/**
 * The queue of everything that this process does on a GPU: the library's WebGPU device is one for the process, and two sessions that
 * run on it at once crash it. State of the module, because the device is state of the library's.
 */
export const deviceQueue: Queue = createQueue();

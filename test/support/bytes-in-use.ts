import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes in use on the heap and beside it, after what was to be closed is closed, and the garbage is gone. */
export async function bytesInUse(): Promise<number> {
  // Handles of zlib that have failed are closed in a later turn of the event loop.
  await new Promise(setImmediate);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

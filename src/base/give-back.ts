import { MessageChannel } from 'node:worker_threads';

/** For fewer bytes the message costs more than it saves: they stay as they are. */
const WORTH_BYTES = 2 ** 17;

/**
 * Gives back the memory of arrays that nobody will read any more, now and not at some collection of garbage: arrays of megabytes that come and go pile up
 * until then, each on pages that the system has to clear anew. They are empty afterwards, unless all together are small. Each must be all of its buffer: what
 * is only part of one stays.
 */
export function giveBack(arrays: Iterable<{ readonly data: Float32Array }>): void {
  const whole = new Set<ArrayBuffer>();
  for (const {
    data: { buffer, byteLength },
  } of arrays) {
    if (buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength) whole.add(buffer);
  }
  if ([...whole].reduce((total, { byteLength }) => total + byteLength, 0) < WORTH_BYTES) return;
  // Memory that is sent to a port that is closed leaves the sender, and is free.
  const { port1: nowhere } = new MessageChannel();
  nowhere.close();
  nowhere.postMessage(null, [...whole]);
}

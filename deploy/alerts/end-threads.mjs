// Preloaded into `serve` by a cause of AristarchInferenceThreadsLost: at SIGUSR2 the process loses its inference thread, as if it had run out of memory.
// Plain JavaScript, since it comes before whatever runs TypeScript.
import { subscribe } from 'node:diagnostics_channel';
import { Worker } from 'node:worker_threads';

/** @type {Worker[]} */
const threads = [];
subscribe('worker_threads', (message) => {
  const { worker } = /** @type {{ worker: unknown }} */ (message);
  // Node's own thread for loading modules is of another class.
  if (worker instanceof Worker) threads.push(worker);
});
// It is asked to leave as the service asks it (`END` of src/base/thread.ts): one that is ended from outside while ONNX Runtime is at work takes the process with it.
process.on('SIGUSR2', () => void threads.at(-1)?.postMessage('end'));

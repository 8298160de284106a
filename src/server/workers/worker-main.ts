import { ENDING_SIGNALS } from '../../base/ending-signals.ts';
import { outliveOutputs } from '../../base/outputs.ts';
import { processTerminal } from '../../base/terminal.ts';
import { openDetector } from '../../scoring/open-detector.ts';
import { openSampler } from '../../scoring/open-sampler.ts';
import { SYSTEM_CLOCK } from '../clock.ts';
import { openTerminalLog } from '../log.ts';
import { createChannel } from '../../base/channel.ts';
import type { PrimaryCalls, WorkerCalls } from './contract.ts';
import { type StartedWorker, startWorker } from './worker.ts';

/** What runs in a process of its own (fork.ts). It ends when its primary lets it go, or is no more. */
let worker: Promise<StartedWorker> = Promise.reject(new Error('this worker was not told to start'));
worker.catch(() => undefined);

const calls: WorkerCalls = {
  start: async ({ config, slot, unloaded }) => {
    const log = openTerminalLog(config.logLevel, processTerminal()).child({ worker: slot });
    const parts = { clock: SYSTEM_CLOCK, log, openDetector, openSampler, processMetrics: true };
    worker = startWorker({ config, unloaded }, parts, primary);
    return (await worker).facts;
  },
  joined: async () => (await worker).joined(undefined),
  snapshot: async () => (await worker).snapshot(undefined),
  explain: async (question) => (await worker).explain(question),
  change: async (order) => (await worker).change(order),
  stop: async () => (await worker).stop(undefined),
};
const primary = createChannel<WorkerCalls, PrimaryCalls>(
  {
    send: (message, done) => process.send!(message, undefined, undefined, done),
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.once('disconnect', listener),
  },
  calls,
);

// A terminal, and a service manager, send their signals to all processes: the primary says when to stop, and waits.
for (const signal of ENDING_SIGNALS) process.on(signal, () => undefined);
// It writes no results, and its log is that of the primary.
outliveOutputs(process, () => undefined);

void primary.ask('awake', undefined);

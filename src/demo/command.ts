import type { EventEmitter } from 'node:events';
import { Command } from 'commander';
import { emitJson, emitText, runAction } from '../base/command-line.ts';
import { createImpatience, ENDING_SIGNALS } from '../base/ending-signals.ts';
import { addOptions, givenFlags, resolveSettings } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { openDetector } from '../scoring/open-detector.ts';
import { SYSTEM_CLOCK } from '../server/clock.ts';
import { runDemo, type DemoParts } from './run.ts';
import { DEMO_SETTINGS } from './settings.ts';
import { formatSummary } from './tally.ts';
import { trainForDemo } from './train.ts';

/** What the command takes from the process; other ones for tests. */
export interface DemoCommandParts {
  /** The real training when absent. */
  readonly train?: DemoParts['train'];
  readonly terminal?: Terminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Emits the signals that ask for an end. */
  readonly signals?: Pick<EventEmitter, 'on' | 'off'>;
}

const EXAMPLES = `
Examples:
  aristarch demo                        train, serve, and send payments until Ctrl-C; watch the live page
  aristarch demo --once --json          the same with a bounded stream, for CI
  aristarch demo --grpc-port 0 --http-port 0

The data are requests of an imagined payment service. Later ones hold anomalies of five kinds: spikes, broken relations,
impossible pairs, an unseen country, and one tenant that drifts.`;

export function createDemoCommand(parts: DemoCommandParts = {}): Command {
  const command = new Command('demo')
    .description('See it work: generate data, train, serve, and send events to the service over gRPC.')
    .option('--json', 'write the result as JSON to standard output at the end');
  addOptions(command, DEMO_SETTINGS).addHelpText('after', EXAMPLES);
  const terminal = parts.terminal ?? processTerminal();
  return command.action(
    runAction(async ({ command: self, json }) => {
      const config = resolveSettings(DEMO_SETTINGS, { flags: givenFlags(self), env: parts.env ?? process.env });
      const ending = listenForEnd(parts.signals ?? process);
      try {
        const train = parts.train ?? ((order) => trainForDemo(order, terminal));
        const result = await runDemo({
          config,
          terminal,
          clock: SYSTEM_CLOCK,
          train,
          openDetector,
          end: ending.signal,
        });
        if (json) emitJson(terminal, result);
        else emitText(terminal, formatSummary(result));
      } finally {
        ending.forget();
      }
    }, terminal),
  );
}

/** The first signal asks for the end, the second does not wait for it. */
function listenForEnd(signals: Pick<EventEmitter, 'on' | 'off'>): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const isImpatient = createImpatience();
  const onSignal = (signal: string): void => {
    if (isImpatient(signal)) process.exit(130);
    controller.abort();
  };
  for (const name of ENDING_SIGNALS) signals.on(name, onSignal);
  return {
    signal: controller.signal,
    forget: () => {
      for (const name of ENDING_SIGNALS) signals.off(name, onSignal);
    },
  };
}

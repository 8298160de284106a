import type { EventEmitter } from 'node:events';
import { Command } from 'commander';
import type { Logger } from 'pino';
import { type ActionContext, emitJson, reportError, runAction } from '../base/command-line.ts';
import { createImpatience, ENDING_SIGNALS } from '../base/ending-signals.ts';
import type { AristarchError } from '../base/errors.ts';
import { addOptions, givenFlags, printableSettings, readSettingsFile } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { LONGEST_WAIT_MS } from './by.ts';
import { SYSTEM_CLOCK } from './clock.ts';
import { resolveServeConfig, SERVE_SETTINGS, type ServeConfig } from './config.ts';
import { openTerminalLog } from './log.ts';
import type { ServeParts } from './serve.ts';
import type { Served } from './served.ts';
import type { PrimaryParts } from './workers/primary.ts';

/** What the command takes from the process; other ones for tests, and for commands that serve as a part of their work. */
export interface ServeCommandParts {
  readonly terminal?: Terminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Emits the signals that ask for an end. */
  readonly signals?: Pick<EventEmitter, 'on' | 'off'>;
  readonly openDetector?: ServeParts['openDetector'];
  /** Ends the process: with the status that was set, where none is given. */
  readonly exit?: (status?: number) => void;
}

const EXAMPLES = `
Examples:
  aristarch serve --model models/m
  aristarch serve --models models --default-model m
  aristarch serve --model models/m --grpc-host 0.0.0.0 --http-host 0.0.0.0
  aristarch serve --model models/m --kafka-brokers localhost:9092 \\
    --topic-in events --topic-out scores --dead-letter rejects
  aristarch serve --config serve.json --dry-run

Ask it:  grpcurl -plaintext localhost:50051 aristarch.v1.Aristarch/DescribeModel
Watch it: http://localhost:8080/ (live page), /metrics, /healthz, /readyz
SIGTERM, SIGHUP and Ctrl-C finish the work in flight first; a second one, but SIGHUP, does not wait for it.`;

export function createServeCommand(parts: ServeCommandParts = {}): Command {
  const command = new Command('serve')
    .description('Serve a model: gRPC, HTTP (live page, metrics, health) and, with --kafka-brokers, a Kafka topic.')
    .option('--config <file>', 'JSON file of settings by name (grpcPort, kafkaBrokers, ...); flags and environment win')
    .option('--dry-run', 'print the configuration and end')
    .option(
      '--json',
      'write addresses and model as JSON to standard output once the server is ready, with Kafka once it has joined',
    );
  addOptions(command, SERVE_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction((context) => serve(context, parts), parts.terminal ?? processTerminal()));
}

async function serve({ command, terminal, json }: ActionContext, parts: ServeCommandParts): Promise<void> {
  const passedOver: string[] = [];
  const config = await readConfig(command, parts.env ?? process.env, passedOver);
  const printable = printableSettings(SERVE_SETTINGS, config);
  if (command.opts()['dryRun'] === true) {
    emitJson(terminal, printable);
    return;
  }
  const log = openTerminalLog(config.logLevel, terminal);
  // Listened for before anything starts: a signal in the middle of the start ends the process cleanly, too.
  const { signals = process, exit = exitWith } = parts;
  const end = waitForEnd({ signals, exit, log, drainTimeoutMs: config.drainTimeoutMs });
  log.info({ config: printable }, 'starting with this configuration');
  for (const message of passedOver) log.warn(message);
  try {
    const onFatal = (error: AristarchError): void => end.fail(() => reportError(error, terminal, json));
    const serving = await start({ config, log, clock: SYSTEM_CLOCK, onFatal }, parts);
    if (json) emitWhenReady(serving, terminal);
    await end.reached;
    await serving.stop();
    log.info('stopped');
    // What a library has left open, such as a connection to a broker that does not answer, keeps nobody waiting.
    exit();
  } finally {
    end.forget();
  }
}

/** Node takes a status that is undefined for none, and forgets the one that was set. */
const exitWith = (status?: number): never => process.exit(status ?? process.exitCode);

async function readConfig(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
  passedOver: string[],
): Promise<ServeConfig> {
  const path: unknown = command.opts()['config'];
  const file = typeof path === 'string' ? { file: await readSettingsFile(path) } : {};
  const onPassedOver = (message: string): void => void passedOver.push(message);
  return resolveServeConfig({ flags: givenFlags(command), env, onPassedOver, ...file });
}

/** What only one of the two ways needs is loaded there: a process that has workers scores nothing. */
async function start(parts: PrimaryParts, { openDetector }: ServeCommandParts): Promise<Served> {
  if (parts.config.workers > 1) return (await import('./workers/primary.ts')).startWorkers(parts);
  const { openSampler } = await import('../scoring/open-sampler.ts');
  const open = openDetector ?? (await import('../scoring/open-detector.ts')).openDetector;
  const { startServing } = await import('./serve.ts');
  return startServing({ ...parts, openDetector: open, openSampler, processMetrics: true });
}

/** A start that fails, or is ended before, writes nothing: its error is reported where it is fatal. */
function emitWhenReady({ model, addresses, ready }: Served, terminal: Terminal): void {
  const facts = { ...addresses, ...(model && { model }) };
  void ready.then(
    () => emitJson(terminal, facts),
    () => undefined,
  );
}

/** What a shutdown needs beside its drain timeout, workers that hang included. */
const CLOSING_MS = 3000;

interface EndParts extends Required<Pick<ServeCommandParts, 'signals' | 'exit'>> {
  readonly log: Logger;
  readonly drainTimeoutMs: number;
}

/** The first signal asks for a graceful end, the second ends the process at once; so does a start, or an end, that takes too long. */
function waitForEnd({ signals, exit, log, drainTimeoutMs }: EndParts) {
  let reach: () => void = () => undefined;
  const isImpatient = createImpatience();
  let [asked, limit] = [false, undefined as NodeJS.Timeout | undefined];
  const limitMs = Math.min(drainTimeoutMs + CLOSING_MS, LONGEST_WAIT_MS);
  const giveUp = (): void => {
    log.error({ limitMs }, `not all has ended ${limitMs / 1000} s after the signal: the process ends without it`);
    exit(process.exitCode === undefined ? 1 : undefined);
  };
  const reached = new Promise<void>((resolve) => {
    reach = () => {
      limit ??= setTimeout(giveUp, limitMs).unref();
      resolve();
    };
  });
  const onSignal = (signal: string) => {
    if (isImpatient(signal)) exit(130);
    if (asked) return;
    asked = true;
    log.info({ signal }, 'finishing the work in flight; a second signal does not wait for it');
    reach();
  };
  for (const name of ENDING_SIGNALS) signals.on(name, onSignal);
  return {
    reached,
    fail: (report: () => void) => {
      report();
      reach();
    },
    forget: () => {
      clearTimeout(limit);
      for (const name of ENDING_SIGNALS) signals.off(name, onSignal);
    },
  };
}

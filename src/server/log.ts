import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';
import type { PinoPretty } from 'pino-pretty';
import type { Terminal } from '../base/terminal.ts';

export interface LogOptions {
  readonly level: string;
  /** Standard error; standard output is for results only. */
  readonly stream: Writable;
  /** Lines for a person at a terminal; else one JSON object a line, for a collector. */
  readonly pretty: boolean;
  readonly colors: boolean;
}

const LEVEL_BY_NAME = { level: (label: string) => ({ level: label }) };

export function createLog({ level, stream, pretty, colors }: LogOptions): Logger {
  if (!pretty)
    return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: LEVEL_BY_NAME }, stream);
  // Of some forty modules, which a server whose log a collector reads need not load.
  const { PinoPretty: print } = createRequire(import.meta.url)('pino-pretty') as { PinoPretty: typeof PinoPretty };
  const lines = print({ destination: stream, colorize: colors, translateTime: 'SYS:HH:MM:ss.l', sync: true });
  return pino({ level, base: null }, lines);
}

/** The log of a process that serves, on its standard error. */
export function openTerminalLog(level: string, { stderr, interactive, colors }: Terminal): Logger {
  return createLog({ level, stream: stderr, pretty: interactive, colors: colors.isColorSupported });
}

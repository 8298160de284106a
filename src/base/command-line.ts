import { fstatSync, writeSync } from 'node:fs';
import { types } from 'node:util';
import { Command } from 'commander';
import type { AristarchError, ErrorCode } from './errors.ts';
import { toOperatorError } from './system-faults.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** What the shell sees. 70 is EX_SOFTWARE of sysexits.h, 130 is what a shell gives for Ctrl-C. */
export const EXIT_CODES: { readonly [C in ErrorCode]: number } = {
  INVALID_INPUT: 1,
  SCHEMA_MISMATCH: 1,
  DATA_UNREADABLE: 1,
  NOT_FOUND: 1,
  ARTEFACT_INVALID: 1,
  RATE_UNSUPPORTED: 1,
  DEVICE_UNAVAILABLE: 1,
  TRAINING_DIVERGED: 1,
  PRECONDITION_FAILED: 1,
  UNAUTHENTICATED: 1,
  PERMISSION_DENIED: 1,
  RESOURCE_EXHAUSTED: 1,
  DEADLINE_EXCEEDED: 1,
  UNAVAILABLE: 1,
  CANCELLED: 130,
  INTERNAL: 70,
};

/** What a command's action is given. */
export interface ActionContext {
  readonly command: Command;
  readonly terminal: Terminal;
  /** Whether `--json` was given: only the result may go to standard output. */
  readonly json: boolean;
}

/**
 * Wraps a command's work for commander's `action`. A fault becomes a message on standard error (with `--json`, a JSON
 * object) and an exit code; a person never sees a stack trace, unless ARISTARCH_DEBUG is set and the fault is ours.
 */
export function runAction(
  work: (context: ActionContext) => Promise<void>,
  terminal: Terminal = processTerminal(),
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = findCommand(args);
    const json = command.optsWithGlobals()['json'] === true;
    try {
      await work({ command, terminal, json });
    } catch (thrown) {
      reportError(toOperatorError(thrown), terminal, json);
    }
  };
}

/** Commander passes the command last. */
function findCommand(args: readonly unknown[]): Command {
  const last = args.at(-1);
  if (last instanceof Command) return last;
  throw new TypeError('runAction must be given to a commander command');
}

/** Writes the fault to standard error and sets the exit code. */
export function reportError(error: AristarchError, terminal: Terminal, json: boolean): void {
  const { code, message, data } = error;
  if (json) {
    terminal.stderr.write(`${JSON.stringify({ error: { code, message, data } })}\n`);
  } else {
    const { bold, red, dim } = terminal.colors;
    terminal.stderr.write(`${bold(red('error:'))} ${message} ${dim(`[${code}]`)}\n`);
  }
  if (code === 'INTERNAL') terminal.stderr.write(internalHint(error));
  terminal.setExitCode(EXIT_CODES[code]);
}

function internalHint(error: AristarchError): string {
  if (process.env['ARISTARCH_DEBUG'] === undefined) {
    return 'This is a fault in Aristarch itself. Run again with ARISTARCH_DEBUG=1 to see where.\n';
  }
  const origin = types.isNativeError(error.cause) ? error.cause : error;
  return `${origin.stack ?? origin.message}\n`;
}

/** The result of a command with `--json`: one JSON value and nothing else on standard output. */
export function emitJson(terminal: Terminal, value: unknown): void {
  writeResult(terminal, `${JSON.stringify(value, null, 2)}\n`);
}

/** A result for people, on standard output. */
export function emitText(terminal: Terminal, text: string): void {
  writeResult(terminal, text.endsWith('\n') ? text : `${text}\n`);
}

/** Where standard output is a file, Node takes a part that a full disk still took for all of it: here the rest is told as what is lost whole is. */
function writeResult({ stdout }: Terminal, text: string): void {
  if (stdout !== process.stdout || !fstatSync(process.stdout.fd).isFile()) {
    stdout.write(text);
    return;
  }
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(process.stdout.fd, bytes, at);
  } catch (thrown) {
    stdout.emit('error', thrown);
  }
}

/** A remark for people, on standard error. */
export function note(terminal: Terminal, message: string): void {
  terminal.stderr.write(`${message}\n`);
}

export function warn(terminal: Terminal, message: string): void {
  const { yellow } = terminal.colors;
  terminal.stderr.write(`${yellow('warning:')} ${message}\n`);
}

/** Rows of cells as an aligned table: the first column to the left, the others to the right. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...rows.map((row) => (row[c] ?? '').length)));
  const pad = (cell: string, c: number) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!));
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

import type { Writable } from 'node:stream';
import pc from 'picocolors';

/**
 * Where a command speaks: results on standard output, everything for the eyes on standard error. Passed in, so that a test
 * (or a program that embeds a command) can listen.
 */
export interface Terminal {
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Whether standard error is a terminal that can redraw a line. */
  readonly interactive: boolean;
  /** Colour functions for standard error; they do nothing where colour is not wanted. */
  readonly colors: ReturnType<typeof pc.createColors>;
  /** The same for standard output. */
  readonly stdoutColors: ReturnType<typeof pc.createColors>;
  readonly setExitCode: (code: number) => void;
}

/** The process's own terminal. Colours follow NO_COLOR (no-color.org), FORCE_COLOR and whether a person is watching. */
export function processTerminal(): Terminal {
  const { env, stderr, stdout } = process;
  const colorsFor = (isTTY: boolean) => pc.createColors(wantsColor(env, isTTY));
  return {
    stdout,
    stderr,
    interactive: isTerminal(stderr) && env['TERM'] !== 'dumb',
    colors: colorsFor(isTerminal(stderr)),
    stdoutColors: colorsFor(isTerminal(stdout)),
    setExitCode: (code) => {
      process.exitCode = code;
    },
  };
}

/** Node's types say that these streams always are terminals; `isTTY` is undefined where they are pipes. */
function isTerminal(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true;
}

export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '') return env['FORCE_COLOR'] !== '0';
  return isTTY && env['TERM'] !== 'dumb';
}

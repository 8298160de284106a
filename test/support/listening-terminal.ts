import { Writable } from 'node:stream';
import pc from 'picocolors';
import type { Terminal } from '../../src/base/terminal.ts';

export interface ListeningTerminal extends Terminal {
  readonly out: () => string;
  readonly err: () => string;
  readonly exitCode: () => number | undefined;
}

/** A terminal without colours that keeps what is written to it. */
export function createListeningTerminal(options: { interactive?: boolean } = {}): ListeningTerminal {
  const [stdout, out] = createMemory();
  const [memory, err] = createMemory();
  const stderr = options.interactive === true ? Object.assign(memory, { isTTY: true, columns: 100 }) : memory;
  let code: number | undefined;
  const colors = pc.createColors(false);
  return {
    stdout,
    stderr,
    interactive: options.interactive ?? false,
    colors,
    stdoutColors: colors,
    setExitCode: (given) => {
      code = given;
    },
    out,
    err,
    exitCode: () => code,
  };
}

function createMemory(): [Writable, () => string] {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return [stream, () => Buffer.concat(chunks).toString('utf8')];
}

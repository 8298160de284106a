import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { COMPILED } from '../support/command.ts';

const run = promisify(execFile);
const ROOT = new URL('../..', import.meta.url);
const COMMAND = ['node', ...COMPILED].join(' ');

interface End {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A shell's line, in which COMMAND is our command. */
async function shell(line: string): Promise<End> {
  const text = line.replaceAll('COMMAND', COMMAND);
  return run('/bin/sh', ['-c', text], { cwd: ROOT }).then(
    (said) => ({ code: 0, ...said }),
    (thrown: unknown) => thrown as End,
  );
}

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;
const DRY = 'serve --model m --dry-run';

describeOnLinux('a result that cannot be written', () => {
  it('is told in one message, and ends the command with 1', async () => {
    const { code, stderr } = await shell(`COMMAND ${DRY} > /dev/full`);
    expect(stderr).toBe(
      'error: cannot write to standard output (ENOSPC: no space left on device, write): see to the place that it is sent to, and run this again [PRECONDITION_FAILED]\n',
    );
    expect(code).toBe(1);
  });

  it('is told as JSON where JSON was asked for', async () => {
    const { code, stderr } = await shell(`COMMAND ${DRY} --json > /dev/full`);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'PRECONDITION_FAILED' } });
    expect(code).toBe(1);
  });

  it('to its end, on a disk that takes a part of it, is told too', async () => {
    const { code, stdout, stderr } = await shell(
      `FILE=$(mktemp); (ulimit -f 1; COMMAND ${DRY} --json > $FILE); STATUS=$?; wc -c < $FILE; rm $FILE; exit $STATUS`,
    );
    // Shells count in one or the other.
    expect([512, 1024]).toContain(Number(stdout));
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'PRECONDITION_FAILED', message: expect.stringMatching(/standard output \(EFBIG/) as unknown },
    });
    expect(code).toBe(1);
  });

  it('whose reader has closed the pipe is no fault', async () => {
    expect(await shell(`{ COMMAND ${DRY}; echo $? >&2; } | true`)).toMatchObject({ code: 0, stderr: '0\n' });
  });

  it('does not hide why a command failed: what cannot be told takes no part in its status', async () => {
    expect(await shell('COMMAND serve --model m --grpc-port x 2> /dev/full')).toMatchObject({ code: 1, stdout: '' });
    expect(await shell(`COMMAND ${DRY} 2> /dev/full`)).toMatchObject({ code: 0 });
  });
});

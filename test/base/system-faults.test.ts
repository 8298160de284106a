import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { AristarchError } from '../../src/base/errors.ts';
import { isSystemFault, toOperatorError } from '../../src/base/system-faults.ts';

const faultOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => Promise.reject(new Error('it worked')),
    (thrown: unknown) => thrown,
  );

/** A device of Linux that is full. */
const FULL = '/dev/full';
const itOnLinux = process.platform === 'linux' ? it : it.skip;

itOnLinux('a full disk is told to the operator as such, with what to do', async () => {
  const file = await open(FULL, 'w');
  const thrown = await faultOf(file.writeFile('x'));
  await file.close();
  expect(isSystemFault(thrown)).toBe(true);
  expect(toOperatorError(thrown)).toMatchObject({
    code: 'PRECONDITION_FAILED',
    message: 'ENOSPC: no space left on device, write: make room there, or choose another place',
  });
});

it('too few open files are a limit that is reached', () => {
  const thrown = Object.assign(new Error('EMFILE: too many open files, open "x"'), { code: 'EMFILE', syscall: 'open' });
  expect(toOperatorError(thrown)).toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: expect.stringMatching(/ulimit -n/) as unknown,
  });
});

it('what is missing where it should be, and what only looks like the system, stay faults of ours', async () => {
  const missing = await faultOf(writeFile(join(import.meta.dirname, 'absent', 'x'), ''));
  const lookalike = Object.assign(new Error('EACCES'), { code: 'EACCES' });
  for (const thrown of [missing, lookalike, new TypeError('x is not a function')]) {
    expect(isSystemFault(thrown)).toBe(false);
    expect(toOperatorError(thrown).code).toBe('INTERNAL');
  }
});

it('an error that says already what it is stays as it is', () => {
  const error = new AristarchError('NOT_FOUND', 'there is no model in m');
  expect(toOperatorError(error)).toBe(error);
});

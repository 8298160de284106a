import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { alignColumns, emitJson, EXIT_CODES, runAction, type ActionContext } from '../../src/base/command-line.ts';
import { AristarchError } from '../../src/base/errors.ts';
import { wantsColor } from '../../src/base/terminal.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';

async function run(args: string[], work: (context: ActionContext) => void) {
  const terminal = createListeningTerminal();
  const command = new Command('work').option('--json', 'as JSON');
  command.action(runAction((context) => Promise.resolve().then(() => work(context)), terminal));
  await command.parseAsync(args, { from: 'user' });
  return terminal;
}

const broken = () => {
  throw new AristarchError('NOT_FOUND', 'there is no model in m: train one', { folder: 'm' });
};

describe('an action', () => {
  it('turns a fault into a message and exit code 1, and prints no result and no stack', async () => {
    const terminal = await run([], broken);
    expect(terminal.err()).toBe('error: there is no model in m: train one [NOT_FOUND]\n');
    expect(terminal.out()).toBe('');
    expect(terminal.exitCode()).toBe(1);
  });

  it('reports the fault as JSON on standard error with --json', async () => {
    const terminal = await run(['--json'], broken);
    expect(JSON.parse(terminal.err())).toEqual({
      error: { code: 'NOT_FOUND', message: 'there is no model in m: train one', data: { folder: 'm' } },
    });
    expect(terminal.out()).toBe('');
  });

  it('calls what it does not know a fault of its own, with exit code 70 and no stack trace', async () => {
    const terminal = await run([], () => {
      throw new TypeError('x is not a function');
    });
    expect(terminal.err()).toContain('error: x is not a function [INTERNAL]');
    expect(terminal.err()).toContain('ARISTARCH_DEBUG=1');
    expect(terminal.err()).not.toContain('    at ');
    expect(terminal.exitCode()).toBe(EXIT_CODES.INTERNAL);
  });

  it('leaves the exit code alone when the work succeeds, and tells it about --json', async () => {
    const terminal = await run(['--json'], ({ terminal: given, json }) => emitJson(given, { json }));
    expect(JSON.parse(terminal.out())).toEqual({ json: true });
    expect(terminal.exitCode()).toBeUndefined();
  });
});

describe('colour', () => {
  it('follows NO_COLOR first, then FORCE_COLOR, then the terminal', () => {
    expect(wantsColor({}, true)).toBe(true);
    expect(wantsColor({}, false)).toBe(false);
    expect(wantsColor({ NO_COLOR: '1', FORCE_COLOR: '1' }, true)).toBe(false);
    expect(wantsColor({ NO_COLOR: '' }, true)).toBe(true);
    expect(wantsColor({ FORCE_COLOR: '1' }, false)).toBe(true);
    expect(wantsColor({ TERM: 'dumb' }, true)).toBe(false);
  });
});

describe('a table', () => {
  it('aligns the first column left and the others right', () => {
    expect(`\n${alignColumns([['name', 'auroc'], ['kNN', '0.9'], ['ours']])}\n`).toBe(
      '\nname  auroc\nkNN     0.9\nours\n',
    );
  });
});

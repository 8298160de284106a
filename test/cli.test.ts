import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '..');

function aristarch(...args: string[]) {
  const env = { ...process.env, NO_COLOR: '1' };
  const all = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), ...args];
  return spawnSync(process.execPath, all, { cwd: ROOT, encoding: 'utf8', env });
}

describe('the command line', () => {
  it('explains itself and its commands on standard output', () => {
    const { status, stdout } = aristarch('--help');
    expect(status).toBe(0);
    for (const command of ['score', 'evaluate', 'serve']) expect(stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
    expect(stdout).toContain('Examples:');
  });

  it('says its version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(aristarch('--version').stdout.trim()).toBe(version);
  });

  it('fails on an unknown command and an unknown flag, with a hint', () => {
    const unknown = aristarch('scoer');
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain("unknown command 'scoer'");
    expect(unknown.stderr).toContain('Did you mean score?');
    const flag = aristarch('score', '--modell', 'm');
    expect(flag.status).toBe(1);
    expect(flag.stderr).toContain("unknown option '--modell'");
    expect(flag.stderr).toContain('--help');
  });

  it('ends with status 1 and one line where a model is absent, and with JSON under --json', () => {
    const args = ['score', '--model', 'no/model', '--data', 'x.csv', '--out', 'y.csv'];
    const plain = aristarch(...args);
    expect(plain.status).toBe(1);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toBe(
      'error: the model folder no/model does not exist: give the folder that "train --out" wrote [NOT_FOUND]\n',
    );
    const json = aristarch(...args, '--json');
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { code: 'NOT_FOUND', data: { folder: 'no/model' } } });
  });
});

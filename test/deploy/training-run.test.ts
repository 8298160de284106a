import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { createPruneCommand } from '../../src/server/prune-command.ts';
import { only, render, valuesFile } from '../support/chart.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';
import { waitUntil } from '../support/wait-until.ts';

const containerSchema = z.object({
  command: z.array(z.string()),
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
});
const podSchema = z.object({ spec: z.object({ containers: z.tuple([containerSchema]) }) });
const cronJobSchema = z.object({ jobTemplate: z.object({ spec: z.object({ template: podSchema }) }) });

needs('tool:helm3').describe('a run of the training that the chart sets up', () => {
  const data = useDataFolder();
  /** The script of the CronJob, with `aristarch` in its place: it writes down what it is asked, and ends as it is told. */
  function begin(
    set: readonly string[],
    aristarch: string,
  ): { readonly run: ChildProcess; readonly told: () => string } {
    const { spec } = only(render({ values: [valuesFile('training-cronjob')], set }), 'CronJob');
    const { command, args, env } = cronJobSchema.parse(spec).jobTemplate.spec.template.spec.containers[0];
    const [program = '', ...flags] = [...command, ...args];
    const told = data.path('told.txt');
    writeFileSync(told, '');
    writeFileSync(data.path('aristarch'), `#!/bin/sh\necho "$*" >>${told}\n${aristarch}\n`, { mode: 0o755 });
    const given = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const path = `${dirname(data.path('aristarch'))}:${process.env['PATH'] ?? ''}`;
    const run = spawn(program, flags, { env: { ...given, PATH: path }, stdio: 'ignore' });
    return { run, told: () => readFileSync(told, 'utf8') };
  }
  const statusOf = async ({ run }: ReturnType<typeof begin>): Promise<unknown> => (await once(run, 'close'))[0];
  const TRAIN = /^train --config \/etc\/aristarch\/config\/train.json --out \/models\/pumps\/\d{8}T\d{6}Z\n/;

  it('removes old versions after it, by flags that prune has', async () => {
    const trained = begin([], 'exit 0');
    expect(await statusOf(trained)).toBe(0);
    const [first, second = ''] = trained.told().split(/(?<=\n)/);
    expect(first).toMatch(TRAIN);
    expect(second).toBe('prune --models /models --model pumps --keep 14\n');
    const known = createPruneCommand().options.map(({ long }) => long);
    expect(second.match(/--[a-z-]+/g)?.filter((flag) => !known.includes(flag))).toEqual([]);
  });

  it('removes none where it fails, and fails as it does', async () => {
    const failed = begin([], 'exit 3');
    expect(await statusOf(failed)).toBe(3);
    expect(failed.told()).toMatch(new RegExp(`${TRAIN.source}$`));
  });

  it('does not fail where old versions cannot be removed', async () => {
    const trained = begin([], 'case "$1" in prune) exit 1;; esac');
    expect(await statusOf(trained)).toBe(0);
    expect(trained.told()).toMatch(/\nprune /);
  });

  it.each([[[]], [['training.keepVersions=0']]])('is told to end, and ends when the training has: %j', async (set) => {
    const end = "trap 'echo ended >>told.txt; exit 130' TERM; while :; do sleep 0.05; done";
    const running = begin(set, end.replace('told.txt', data.path('told.txt')));
    await waitUntil('the training to begin', () => running.told() !== '');
    const status = statusOf(running);
    running.run.kill('SIGTERM');
    expect(await status).toBe(130);
    expect(running.told()).toMatch(/^train .*\nended\n$/);
  });

  it('is told to end while old versions are removed: it has trained, and is not begun again', async () => {
    const running = begin([], 'case "$1" in prune) exec sleep 30;; esac');
    await waitUntil('the removal to begin', () => running.told().includes('prune'));
    const status = statusOf(running);
    running.run.kill('SIGTERM');
    expect(await status).toBe(0);
  });
});

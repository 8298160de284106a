import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../../..');

/** Packages of OpenTelemetry that a process has loaded after it imported a module; prom-client brings the API along. */
function loadedBy(module: string): string[] {
  const script = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(resolve(ROOT, module))});
    const names = Object.keys(createRequire(import.meta.url).cache).map((path) => /@opentelemetry.([a-z-]+)/.exec(path)?.[1]);
    console.log(JSON.stringify([...new Set(names)].filter((name) => name && name !== 'api')));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })) as string[];
}

it('a service without traces loads nothing of OpenTelemetry, and so does not start later for it', () => {
  expect(loadedBy('src/server/command.ts')).toEqual([]);
  expect(loadedBy('src/server/tracing/open-tracing.ts')).toEqual(expect.arrayContaining(['sdk-trace', 'core']));
});

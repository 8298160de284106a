import { execFile, spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { useDataFolder } from '../../support/data-files.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const PACKAGE = join(ROOT, 'clients/typescript');
const run = promisify(execFile);
const data = useDataFolder();
const serve = createServeFixture();
const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');

describe('the package', () => {
  it('has the types and the contract that the proto has', async () => {
    const fresh = data.path('contract');
    await run(process.execPath, [join(PACKAGE, 'tools/generate.mjs'), fresh]);
    const committed = join(PACKAGE, 'src/contract');
    const files = (await readdir(committed, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted();
    expect((await readdir(fresh, { recursive: true })).filter((name) => name.endsWith('.ts')).toSorted()).toEqual(
      files,
    );
    for (const file of files) {
      expect({ file, text: await readFile(join(committed, file), 'utf8') }).toEqual({
        file,
        text: await readFile(join(fresh, file), 'utf8'),
      });
    }
  });

  it('builds to plain JavaScript and types that work outside the project: its README runs', async () => {
    const { addresses } = await serve();
    const home = data.path('user');
    const installed = join(home, 'node_modules/@aristarch/client');
    await mkdir(installed, { recursive: true });
    // What `npm install` would lay beside it.
    for (const name of ['@grpc', '@types', 'undici-types']) {
      await symlink(join(ROOT, 'node_modules', name), join(home, 'node_modules', name));
    }
    await run(process.execPath, [tsc, '-p', join(PACKAGE, 'tsconfig.json'), '--outDir', join(installed, 'dist')]);
    await writeFile(join(installed, 'package.json'), await readFile(join(PACKAGE, 'package.json')));

    const readme = await readFile(join(PACKAGE, 'README.md'), 'utf8');
    const program = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code).join('\n');
    expect(program).toContain("'localhost:50051'");
    await writeFile(join(home, 'package.json'), '{"type": "module"}');
    await writeFile(join(home, 'user.ts'), program.replaceAll('localhost:50051', addresses.grpc));
    const choices = [
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--exactOptionalPropertyTypes',
    ];
    const compiled = spawnSync(process.execPath, [tsc, ...choices, 'user.ts'], { cwd: home, encoding: 'utf8' });
    expect(compiled.stdout).toBe('');
    const { stdout } = await run(process.execPath, ['user.js'], { cwd: home });
    expect(stdout).toBe('129.9 true\n1.2 false\n0.5 0.25\n5 rows in one call\nSCHEMA_MISMATCH country\n');
  }, 120_000);
});

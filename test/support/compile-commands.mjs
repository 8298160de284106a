// Before all tests: JavaScript of all of src, from which tests start commands that they start again and again. A start that translates
// TypeScript takes as much time once more. It lies as src does in a checkout, in a folder of this run's own.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { transformSync } from '@swc/core';

const ROOT = resolve(import.meta.dirname, '../..');
const HOME = join(ROOT, '.cache/commands', String(process.pid));
/** What src reads from beside itself; in .cache lies what `npm run setup:tfjs` made. */
const BESIDE = ['proto', 'package.json', '.cache'];

const OPTIONS = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' }, rewriteRelativeImportExtensions: true },
  sourceMaps: 'inline',
};

export default function compileCommands() {
  for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })) {
    if (name.isDirectory()) continue;
    const from = join(name.parentPath, name.name);
    const to = join(HOME, from.slice(ROOT.length));
    mkdirSync(dirname(to), { recursive: true });
    if (!from.endsWith('.ts')) cpSync(from, to);
    else {
      const { code } = transformSync(readFileSync(from, 'utf8'), { ...OPTIONS, filename: from });
      writeFileSync(to.replace(/\.ts$/, '.js'), code);
    }
  }
  for (const name of BESIDE) symlinkSync(join(ROOT, name), join(HOME, name));
  process.env['TEST_COMMANDS'] = join(HOME, 'src/cli.js');
  process.once('exit', () => rmSync(HOME, { recursive: true, force: true }));
}

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  checkArrows,
  checkEngines,
  checkFamilyNames,
  checkLengths,
  checkRoomCycles,
  type FileMap,
  findImports,
} from './support/architecture.ts';

const ROOT = resolve(import.meta.dirname, '..');
const MAX_LINES = 300;
const FAMILIES = ['gan', 'wgan', 'wgan-gp', 'stylegan', 'radialgan'];

function readTree(...folders: string[]): FileMap {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.[cm]?ts$/.test(path))
      .map((path) => join(folder, path)),
  );
  return Object.fromEntries(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(ROOT, path), 'utf8')]));
}

describe('the project', () => {
  const source = readTree('src');

  it('has arrows that point one way', () => expect(checkArrows(source)).toEqual([]));
  it('has no rooms that import each other', () => expect(checkRoomCycles(source)).toEqual([]));
  it('lets one file import each foreign engine', () => expect(checkEngines(source)).toEqual([]));
  it('asks a family and never decides by its name', () => expect(checkFamilyNames(source, FAMILIES)).toEqual([]));
  it('has no file that is too long to be read at one sitting', () => {
    expect(checkLengths(readTree('src', 'test', 'bench'), MAX_LINES)).toEqual([]);
  });
});

describe('the reader of imports', () => {
  it('finds every way to name a module, and nothing in comments or plain strings', () => {
    const text = `
      import a from './a.ts';
      import type { B } from './b.ts';
      import './c.ts';
      export { d } from './d.ts';
      export const e = import('./e.ts');
      const f = require('./f.ts'), g = require.resolve('./g.ts'), h = import.meta.resolve('./h.ts');
      type I = import('./i.ts').I;
      // import no from './comment.ts';
      const text = "import no from './string.ts'";`;
    const found = findImports('src/graph/x.ts', text);
    expect(found.map(({ specifier }) => specifier.charAt(2)).join('')).toBe('abcdefghi');
    expect(found[1]).toEqual({ file: 'src/graph/x.ts', specifier: './b.ts', line: 3 });
  });
});

describe('the checker of arrows', () => {
  it('accepts arrows down, leaf rooms, and imports inside a room', () => {
    const files = {
      'src/cli.ts': `import './server/command.ts'; import './demo/command.ts';`,
      'src/demo/command.ts': `import '../training/train.ts';`,
      'src/training/train.ts': `import '../base/errors.ts'; import './steps/one.ts'; import 'zod';`,
      'src/training/steps/one.ts': `import { x } from '../train.ts'; import '../../runtime/executor.ts';`,
    };
    expect(checkArrows(files)).toEqual([]);
  });

  it.each([
    ['src/graph/a.ts', '../models/b.ts', 'graph may not import models'],
    ['src/scoring/a.ts', '../server/b.ts', 'scoring may not import server'],
    ['src/scoring/a.ts', '../training/b.ts', 'scoring may not import training'],
    ['src/models/deep/a.ts', '../../runtime/b.ts', 'models may not import runtime'],
    ['src/base/a.ts', '../tables/b.ts', 'base may not import tables'],
    ['src/server/a.ts', '../cli.ts', 'server may not import cli.ts'],
    ['src/server/a.ts', '../../test/support/b.ts', 'server may not import what is outside src'],
  ])('catches %s importing %s', (file, specifier, message) => {
    const faults = checkArrows({ [file]: `\nimport type { T } from '${specifier}';` });
    expect(faults).toEqual([`${file}:2 imports ${specifier}: ${message}`]);
  });

  it('catches a file that is in no room', () => {
    expect(checkArrows({ 'src/utils/a.ts': '' })).toEqual([expect.stringContaining('src/utils/a.ts is in no room')]);
  });
});

describe('the checker of cycles', () => {
  it('catches rooms that import each other round a corner', () => {
    const files = {
      'src/graph/a.ts': `import '../runtime/a.ts';`,
      'src/runtime/b.ts': `import '../models/c.ts';`,
      'src/models/d.ts': `import '../graph/e.ts'; import '../base/errors.ts';`,
    };
    expect(checkRoomCycles(files)).toHaveLength(3);
    expect(checkRoomCycles({ ...files, 'src/models/d.ts': '' })).toEqual([]);
  });
});

describe('the checker of engines', () => {
  const others = `import '@duckdb/node-api'; import '@grpc/grpc-js'; import 'kafkajs'; import 'prom-client'; import 'echarts/core'; import 'avsc'; import '@platformatic/kafka'; import '@opentelemetry/api';`;
  const runtime = `import 'onnxruntime-node'; const tf = await import('@tensorflow/tfjs-core'); import '@tensorflow/tfjs-backend-cpu';`;

  it('accepts one importer of each', () => {
    expect(checkEngines({ 'src/a.ts': others, 'src/b.ts': runtime })).toEqual([]);
  });

  it('catches a second importer, a type or a sub-path too, and an engine that nobody imports', () => {
    const second = `import type { Tensor } from 'onnxruntime-node/common';`;
    const files = { 'src/a.ts': others.replace(`import 'kafkajs';`, ''), 'src/b.ts': runtime, 'src/c.ts': second };
    expect(checkEngines(files)).toEqual([
      'onnxruntime-node has 2 importers instead of one: src/b.ts, src/c.ts',
      'kafkajs has 0 importers instead of one: none',
    ]);
  });

  it('does not take a longer name for the engine', () => {
    const files = {
      'src/a.ts': others,
      'src/b.ts': runtime,
      'src/c.ts': `import 'kafkajs-codecs'; import 'onnxruntime-web';`,
    };
    expect(checkEngines(files)).toEqual([]);
  });
});

describe('the checker of lengths', () => {
  it('counts lines, a newline at the end not being one', () => {
    expect(checkLengths({ 'src/a.ts': 'x\n'.repeat(3) }, 3)).toEqual([]);
    expect(checkLengths({ 'src/a.ts': 'x\n'.repeat(4) }, 3)).toEqual(['src/a.ts has 4 lines, more than 3']);
  });
});

describe('the checker of family names', () => {
  it.each([
    `if (family === 'wgan-gp') a();`,
    `const x = 'wgan-gp' !== family ? 1 : 2;`,
    `switch (family) { case 'wgan-gp': break; }`,
    `if (['gan', 'wgan-gp'].includes(family)) a();`,
    `if (family.startsWith('wgan-gp')) a();`,
    `const table = { 'wgan-gp': 1 };`,
    `const x = table['wgan-gp'];`,
    `const x = table.get('wgan-gp');`,
  ])('catches %s', (text) => {
    expect(checkFamilyNames({ 'src/training/a.ts': text }, ['wgan-gp'])).toEqual([
      `src/training/a.ts:1 decides by the family's name 'wgan-gp': ask the family instead`,
    ]);
  });

  it('lets a name be data, and the families know themselves', () => {
    const files = {
      'src/training/a.ts': `const settings = { family: { default: 'wgan-gp', choices: ['gan', 'wgan-gp'] } }; log('wgan-gp');`,
      'src/models/families/index.ts': `export const FAMILIES = { 'wgan-gp': wganGp };`,
    };
    expect(checkFamilyNames(files, ['wgan-gp', 'gan'])).toEqual([]);
  });
});

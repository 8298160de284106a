import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { describeMetrics } from '../docs/make-metrics.ts';
import { describeReference } from '../docs/make-reference.ts';
import { EXIT_CODES } from '../src/base/command-line.ts';
import { ERROR_CODES, type ErrorCode } from '../src/base/errors.ts';
import { GRPC_STATUS } from '../src/server/grpc/status.ts';
import { KAFKA_ACTIONS } from '../src/server/kafka/actions.ts';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Targets of Markdown links and pictures that are files, without their anchors. */
function findLinks(markdown: string): string[] {
  const targets = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!.replace(/#.*$/, ''));
  return targets.filter((target) => target !== '' && !/^[a-z]+:/.test(target));
}

/** Paths of the project that stand in code spans; those with a placeholder or a pattern in them are left out. */
function findPaths(markdown: string): string[] {
  const spans = [...markdown.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  return spans.filter((span) => /^(src|test|docs|proto|bench|\.ci)\/[\w./-]*$/.test(span));
}

/** Names of npm scripts that are told to run. */
function findScripts(markdown: string): string[] {
  return [...markdown.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short!);
}

const GUIDES = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => join('docs', path));

describe.each(['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...GUIDES])('%s', (document) => {
  const text = read(document);

  it('links to what exists', () => {
    expect(findLinks(text).filter((link) => !existsSync(resolve(ROOT, dirname(document), link)))).toEqual([]);
  });

  it('names paths that exist', () => {
    expect(findPaths(text).filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    expect(findScripts(text).filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('docs/decisions', () => {
  it('are numbered, each by a number of its own', () => {
    const numbers = readdirSync(join(ROOT, 'docs/decisions')).map((name) => /^\d{4}(?=-)/.exec(name)?.[0]);
    expect(numbers).not.toContain(undefined);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('docs/errors.md', () => {
  it('lists exactly the codes there are, and what becomes of each', () => {
    const rows = Object.entries(ERROR_CODES).map(([name, meaning]) => {
      const code = name as ErrorCode;
      return [`\`${code}\``, meaning, `\`${GRPC_STATUS[code]}\``, KAFKA_ACTIONS[code], String(EXIT_CODES[code])];
    });
    expect(parseTable(read('docs/errors.md'))).toEqual(rows);
  });
});

describe('docs/reference', () => {
  it('is what `npm run docs:reference` writes', async () => {
    const pages = await describeReference();
    expect(readdirSync(join(ROOT, 'docs/reference')).toSorted()).toEqual(Object.keys(pages).toSorted());
    for (const [name, text] of Object.entries(pages)) expect(read(`docs/reference/${name}`)).toBe(text);
  });

  it('has every command', () => {
    const commands = [...read('src/cli.ts').matchAll(/^ {2}(\w+): async \(\) =>/gm)].map(([, name]) => name);
    const described = [...read('docs/reference/commands.md').matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(5);
    expect(described).toEqual(commands);
  });
});

describe('docs/metrics.md', () => {
  it('is what `npm run docs:metrics` writes', async () => {
    expect(read('docs/metrics.md')).toBe(await describeMetrics());
  });
});

/** Cells of the first Markdown table, without its two head lines. */
function parseTable(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the readers of documents', () => {
  const markdown =
    'See [a](b/c.md#d), ![e](f.png), [web](https://example.org) and [here](#top). `src/x.ts`, `src/<y>.ts`, `npm ci`.';

  it('find links to files', () => expect(findLinks(markdown)).toEqual(['b/c.md', 'f.png']));
  it('find paths without placeholders', () => expect(findPaths(markdown)).toEqual(['src/x.ts']));
  it('find scripts', () =>
    expect(findScripts('npm ci && npm start; npm run bench:step -- --json')).toEqual(['start', 'bench:step']));
  it('read a table', () => expect(parseTable('x\n| a | b |\n| - | - |\n| 1 | 2 |\n')).toEqual([['1', '2']]));
});

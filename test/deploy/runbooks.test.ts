import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = readdirSync(join(ROOT, 'docs/runbooks'));

/** The words that the service's log is made of. */
const SOURCES = readdirSync(join(ROOT, 'src/server'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => read(join('src/server', name)))
  .join('\n');

/** What a page tells to look for in a log, by `grep 'words'`; `-i` and `-E` are looked at otherwise. */
const sought = (page: string): string[] => [...page.matchAll(/\| grep '([^']+)'/g)].map(([, words = '']) => words);
const inLog = (words: string): boolean => SOURCES.includes(words);

describe('the pages of the alerts', () => {
  it.each(PAGES)('look for nothing in a log that the service does not say: %s', (name) => {
    expect(sought(read(`docs/runbooks/${name}`)).filter((words) => !inLog(words))).toEqual([]);
  });

  it.each(PAGES)('name metrics that there are: %s', (name) => {
    const known = read('docs/metrics.md');
    const named = read(`docs/runbooks/${name}`).match(/\baristarch_[a-z0-9_]+/g) ?? [];
    expect(named.filter((metric) => !known.includes(metric.replace(/_bucket$/, '')))).toEqual([]);
  });

  it.each(PAGES)('ask each pod of a Deployment for its log, and not one of them: %s', (name) => {
    expect(read(`docs/runbooks/${name}`)).not.toContain('logs deployment/');
  });

  it('would be found out', () => {
    const page = "kubectl logs x | grep 'dead letter of nobody'";
    expect(sought(page).filter((words) => !inLog(words))).toEqual(['dead letter of nobody']);
  });
});

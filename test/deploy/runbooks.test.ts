import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { createLog } from '../../src/server/log.ts';
import { findLogTexts } from '../support/log-texts.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = readdirSync(join(ROOT, 'docs/runbooks'));
const readPage = (name: string): string => read(`docs/runbooks/${name}`);

/** Lines of a log as a collector has them, one for each text. */
function toLines(texts: readonly string[]): string[] {
  const lines: string[] = [];
  const stream = new Writable({
    write: (line, _, done) => {
      lines.push(String(line));
      done();
    },
  });
  const log = createLog({ level: 'info', stream, pretty: false, colors: false });
  for (const text of texts) log.error(text);
  return lines;
}

const SOURCES = readdirSync(join(ROOT, 'src/server'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => [name, read(join('src/server', name))] as const);
const LINES = toLines(findLogTexts(Object.fromEntries(SOURCES)));

/** What a page tells to look for in a log, and is in none of its lines. */
function findUnsaid(page: string, lines: readonly string[]): string[] {
  const greps = [...page.matchAll(/\| grep (?<flags>(?:-\w+ )*)(?:'(?<quoted>[^']+)'|(?<bare>\S+))/g)];
  return greps.flatMap(({ groups }) => {
    const { flags = '', quoted, bare = '' } = groups ?? {};
    const words = quoted ?? bare;
    const pattern = new RegExp(
      flags.includes('E') ? words : words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      flags.includes('i') ? 'i' : '',
    );
    return lines.some((line) => pattern.test(line)) ? [] : [words];
  });
}

/** Names of the page of metrics; those of a histogram are the names of its series as well. */
const METRICS = new Set(
  [...read('docs/metrics.md').matchAll(/^\| `(aristarch_\w+)` *\| (\w+)/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ),
);
const findUnknown = (page: string): string[] =>
  (page.match(/\baristarch_\w+/g) ?? []).filter((metric) => !METRICS.has(metric));

/** Selectors that would take in the pods of other releases, or of others' programs. */
const findWide = (page: string): string[] =>
  [...page.matchAll(/--selector (\S+)/g)]
    .map(([, selector = '']) => selector)
    .filter((selector) => selector !== '$PODS' && !selector.startsWith('app.kubernetes.io/instance=$RELEASE,'));

/** Logs of several pods, of which one that has none would hide the others'. */
const findHidden = (page: string): string[] =>
  page.match(/\blogs .*--selector.*/g)?.filter((command) => !command.includes('--ignore-errors')) ?? [];

describe('the pages of the alerts', () => {
  it.each(PAGES)('look for nothing in a log that the service does not say: %s', (name) => {
    expect(findUnsaid(readPage(name), LINES)).toEqual([]);
  });

  it.each(PAGES)('name metrics that there are: %s', (name) => {
    expect(findUnknown(readPage(name))).toEqual([]);
  });

  it.each(PAGES)('ask each pod of a Deployment for its log, and not one of them: %s', (name) => {
    expect(readPage(name)).not.toContain('logs deployment/');
    expect(findHidden(readPage(name))).toEqual([]);
  });

  it.each(PAGES)('ask the pods of one release: %s', (name) => {
    expect(findWide(readPage(name))).toEqual([]);
  });

  it.each(PAGES)('say where names are set that no alert brings: %s', (name) => {
    const page = readPage(name);
    const named = ['$RELEASE', '$PODS'].filter((variable) => page.includes(variable));
    const sets = `[in-a-cluster.md](in-a-cluster.md) sets ${named.map((variable) => `\`${variable}\``).join(' and ')},`;
    if (name !== 'in-a-cluster.md' && named.length > 0) expect(page).toContain(sets);
  });

  it('would be found out', () => {
    const source = `
      // a comment of letters
      flag('--letters');
      const why = \`for \${reasons} of its own\`;
      log[level]({ topic: 'facts' }, \`said of \${topic}: \` + why);
      throw new AristarchError('INTERNAL', 'an error says so');`;
    const lines = toLines(findLogTexts({ 'a.ts': source }));
    const page =
      "| grep 'said of '\n| grep letters\n| grep -i 'SAYS SO'\n| grep -E 'of its (own|letters)'\n| grep -E 'INTERNAL|x'";
    expect(findUnsaid(page, lines)).toEqual(['letters', 'INTERNAL|x']);
    expect(findUnknown('aristarch_requests aristarch_requests_total aristarch_requests_total_bucket')).toEqual([
      'aristarch_requests',
      'aristarch_requests_total_bucket',
    ]);
    expect(findWide('get pods --selector app.kubernetes.io/component=serve')).toHaveLength(1);
    expect(findHidden('logs --prefix --selector $PODS --tail=20')).toHaveLength(1);
  });
});

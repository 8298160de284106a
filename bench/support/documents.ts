import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { writeFileAtomic } from '../../src/base/files.ts';

export const DOCS = resolve(import.meta.dirname, '../../docs');

/** Writes a file of the documentation as the formatter wants it; `path` is below docs/. */
export async function writeDocument(path: string, content: string): Promise<void> {
  const isFormatted = /\.(md|json)$/.test(path);
  await writeFileAtomic(resolve(DOCS, path), isFormatted ? await formatDocument(path, content) : content);
}

/** The content of a file of the documentation, as the formatter wants it; `path` is below docs/. */
export async function formatDocument(path: string, content: string): Promise<string> {
  const target = resolve(DOCS, path);
  return format(content, { ...(await resolveConfig(target)), filepath: target });
}

/** A result that an earlier run wrote, or undefined; `path` is below docs/. */
export async function readResult(path: string): Promise<unknown> {
  const text = await readFile(resolve(DOCS, path), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}

/** A Markdown table; the first column to the left, the others to the right. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const rule = header.map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(header), line(rule), ...rows.map(line)].join('\n');
}

/** 0.86431 -> "86.43". */
export function percent(share: number, digits = 2): string {
  return (100 * share).toFixed(digits);
}

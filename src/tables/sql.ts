import { AristarchError } from '../base/errors.ts';

/**
 * Text as an SQL literal. DuckDB knows no escapes inside plain quotes, so that doubling the quote is all there is to do;
 * a zero character would end the statement early and is refused.
 */
export function quoteText(text: string): string {
  return `'${checkText(text).replaceAll("'", "''")}'`;
}

/** A column's or table's name as an SQL identifier. */
export function quoteName(name: string): string {
  return `"${checkText(name).replaceAll('"', '""')}"`;
}

export function quoteList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]`;
}

function checkText(text: string): string {
  if (!text.includes('\0')) return text;
  throw new AristarchError('INVALID_INPUT', `${JSON.stringify(text)} contains a zero character: remove it`, { text });
}

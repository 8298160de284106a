import { AristarchError } from '../base/errors.ts';
import { showData } from './download.ts';

/** Rows that belong together, under a name. */
export interface NamedSource {
  readonly name: string;
  /** Paths, globs, http(s) and s3 addresses. */
  readonly data: readonly string[];
}

/** `name=address`; what follows without a name, as with a `/` before the `=`, is another file of the same source. */
const NAMED = /^([A-Za-z0-9][\w-]*)=(.+)$/;
/** In the place of a name that is missing. */
const NAMELESS = '=';

/**
 * The text of one `--source`, which is one source, as the settings' list has it: only what stands first has a name, and
 * `year=2024/b.parquet` behind a comma is a file.
 */
export function oneSource(given: string): string {
  const [first = '', ...files] = given.split(',').map((address) => address.trim());
  const start = NAMED.test(first) ? first : `${NAMELESS}${first}`;
  return [start, ...files.map((file) => (NAMED.test(file) ? `./${file}` : file))].join(',');
}

/**
 * Reads `cleveland=a.parquet,va=b.csv,va=c.csv` as the settings' list has it. Throws `INVALID_INPUT` where the address
 * that a source starts with has no name, or a name is given twice.
 */
export function parseNamedSources(entries: readonly string[]): NamedSource[] {
  const sources: { name: string; data: string[] }[] = [];
  for (const entry of entries) {
    const [, name, address] = NAMED.exec(entry) ?? [];
    const last = sources.at(-1);
    if (name !== undefined && sources.some((source) => source.name === name)) throw namedTwice(name);
    if (name !== undefined && address !== undefined) sources.push({ name, data: [address] });
    else if (last && !entry.startsWith(NAMELESS)) last.data.push(entry);
    else throw unnamed(withoutMark(entry));
  }
  return sources;
}

/** The list with passwords in addresses hidden. */
export function showNamedSources(entries: readonly string[]): string[] {
  return entries.map((entry) => {
    const [, name, address] = NAMED.exec(entry) ?? [];
    return name === undefined || address === undefined
      ? showData([withoutMark(entry)])[0]!
      : `${name}=${showData([address])[0]!}`;
  });
}

const withoutMark = (entry: string): string => (entry.startsWith(NAMELESS) ? entry.slice(NAMELESS.length) : entry);

/** Throws `INVALID_INPUT` that names the sources there are. */
export function sourceNamed<T extends { readonly name: string }>(sources: readonly T[], name: string, flag: string): T {
  const found = sources.find((source) => source.name === name);
  if (found) return found;
  const known = sources.map((source) => source.name).join(', ');
  throw new AristarchError('INVALID_INPUT', `${flag} names ${name}, which is no source; there are ${known}`, { name });
}

function namedTwice(name: string): AristarchError {
  const message = `--source names ${name} twice: give further files of it behind the first, --source ${name}=a.parquet,b.parquet`;
  return new AristarchError('INVALID_INPUT', message, { name });
}

function unnamed(entry: string): AristarchError {
  const [shown] = showData([entry]);
  const message = `--source ${shown} has no name: write --source NAME=${shown}, with letters, digits, - and _ in the name; further files of a source follow behind commas, --source NAME=a.parquet,b.parquet`;
  return new AristarchError('INVALID_INPUT', message, { source: shown });
}

import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AristarchError } from '../base/errors.ts';
import { download, showAddress } from './download.ts';
import type { Database } from './duckdb.ts';
import { listImages } from './folder-of-images.ts';
import { checkFormat, formatOf, type Format } from './formats.ts';
import { openObjectStore, type Environment } from './object-store.ts';
import { quoteText } from './sql.ts';

/** One file, or one pattern of an object store. */
export interface Source {
  /** For DuckDB: glob characters of a local file's name are escaped. */
  readonly path: string;
  /** As the user knows it. */
  readonly shown: string;
  readonly format: Format;
  /** A sentence on what is beside it and not read. */
  readonly leftOut?: string;
}

export interface SourceOptions {
  readonly environment: Environment;
  readonly maxDownloadBytes: number;
}

/** What the user gave as `--data`, as files of known format: globs expanded in name order, http addresses downloaded. */
export async function findSources(db: Database, data: readonly string[], options: SourceOptions): Promise<Source[]> {
  if (data.length === 0)
    throw new AristarchError('INVALID_INPUT', 'no data given: pass --data with a path or an address');
  const sources: Source[] = [];
  for (const address of data) {
    const finder = FINDERS.find(([pattern]) => pattern.test(address))![1];
    sources.push(...(await finder(address, { db, index: sources.length, ...options })));
  }
  return sources;
}

interface FinderContext extends SourceOptions {
  readonly db: Database;
  readonly index: number;
}
type Finder = (address: string, context: FinderContext) => Promise<Source[]>;

/** Three letters or more, so that a Windows drive is no scheme. */
const FINDERS: readonly (readonly [RegExp, Finder])[] = [
  [/^https?:\/\//i, findHttp],
  [/^s3[an]?:\/\//i, findObject],
  [/^file:\/\//i, (address, context) => findLocal(fileURLToPath(address), context)],
  [/^[a-z][a-z0-9+.-]{2,}:\/\//i, refuseScheme],
  [/(?:)/, findLocal],
];

async function findHttp(address: string, { db, index, maxDownloadBytes }: FinderContext): Promise<Source[]> {
  const path = await download(address, { folder: db.folder, index, maxBytes: maxDownloadBytes });
  checkNotEmpty(path, showAddress(address));
  return [{ path: escapeGlob(path), shown: showAddress(address), format: checkFormat(path) }];
}

async function findObject(address: string, { db, environment }: FinderContext): Promise<Source[]> {
  const path = address.replace(/^s3[an]?:/i, 's3:');
  const format = checkFormat(path, address);
  await openObjectStore(db, environment);
  return [{ path, shown: address, format }];
}

function refuseScheme(address: string): Promise<Source[]> {
  const message = `${showAddress(address)} cannot be read: give a path, or an address that starts with http://, https:// or s3://`;
  return Promise.reject(new AristarchError('INVALID_INPUT', message, { address: showAddress(address) }));
}

async function findLocal(path: string, { db }: FinderContext): Promise<Source[]> {
  if (path.trim() === '') throw new AristarchError('INVALID_INPUT', 'the path of the data is empty: give a file');
  if (existsSync(path)) return statSync(path).isDirectory() ? imagesIn(path) : [localSource(path)];
  if (!/[*?[{]/.test(path)) {
    throw new AristarchError('NOT_FOUND', `there is no file ${path}: check the path`, { path });
  }
  const found = await db.rows(`SELECT file FROM glob(${quoteText(path)}) ORDER BY file`);
  if (found.length > 0) return found.map(({ file }) => localSource(String(file)));
  throw new AristarchError(
    'NOT_FOUND',
    `no file matches ${path}: check the pattern, and that the shell left it whole`,
    { path },
  );
}

/** A folder stands for the images in it, in the order of their names. */
function imagesIn(folder: string): Source[] {
  const { names, leftOut } = listImages(folder);
  const [first, ...others] = names.map((name) => localSource(join(folder, name)));
  return [{ ...first!, ...(leftOut !== undefined && { leftOut }) }, ...others];
}

function localSource(path: string): Source {
  checkNotEmpty(path, path);
  return { path: escapeGlob(path), shown: path, format: checkFormat(path) };
}

function checkNotEmpty(path: string, shown: string): void {
  if (statSync(path).size > 0) return;
  const remedy = formatOf(shown) === 'image' ? 'take it out' : 'write rows into it, or give another file';
  throw new AristarchError('DATA_UNREADABLE', `${shown} is empty (0 bytes): ${remedy}`, { path: shown });
}

/** DuckDB takes every path as a pattern. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[*?[]/g, '[$&]');
}

import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { types } from 'node:util';
import { AristarchError, messageOf } from '../base/errors.ts';
import { checkFormat, FORMATS, formatOf, formatOfContentType } from './formats.ts';

export interface DownloadOptions {
  /** An existing folder; the file is put there under a name of its own. */
  readonly folder: string;
  /** Distinguishes downloads of one folder. */
  readonly index: number;
  readonly maxBytes: number;
}

/**
 * Copies an http(s) address to a local file, whose ending says its format: that of the address, else of the content type.
 * DuckDB itself reads http only with an extension that must be fetched from the internet; this works without.
 * Throws `NOT_FOUND`, `DATA_UNREADABLE` or `RESOURCE_EXHAUSTED`, naming the address without its secrets.
 */
export async function download(address: string, options: DownloadOptions): Promise<string> {
  const { url, headers, shown } = parseAddress(address);
  const response = await fetch(url, { headers }).catch((cause: unknown) => {
    throw new AristarchError('DATA_UNREADABLE', `cannot reach ${shown}: ${reasonOf(cause)}`, { address: shown }, cause);
  });
  checkStatus(response, shown);
  const size = Number(response.headers.get('content-length') ?? 0);
  if (size > options.maxBytes) throw tooLarge(shown, options.maxBytes);
  const part = join(options.folder, `${options.index}.part`);
  await save(response, part, shown, options.maxBytes);
  const path = join(options.folder, `${options.index}-${fileName(url, response, shown)}`);
  await rename(part, path);
  return path;
}

/** An address as it may be shown: without user, password and query, which may hold a signature. */
export function showAddress(address: string): string {
  try {
    const { protocol, host, pathname } = new URL(address);
    return `${protocol}//${host}${pathname}`;
  } catch {
    return address;
  }
}

/** What may be printed and kept of any `data` that a person gave: paths and S3 addresses as they are. */
export function showData(data: readonly string[]): string[] {
  return data.map((address) => (/^https?:/i.test(address) ? showAddress(address) : address));
}

function parseAddress(address: string): { url: URL; headers: Record<string, string>; shown: string } {
  const shown = showAddress(address);
  if (!URL.canParse(address)) {
    throw new AristarchError('INVALID_INPUT', `${address} is not an http address: check its spelling`, { address });
  }
  const url = new URL(address);
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  const headers = user === ':' ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
  return { url, headers, shown };
}

function checkStatus(response: Response, shown: string): void {
  if (response.ok) return;
  const status = `${response.status} ${response.statusText}`.trim();
  const code = response.status === 404 || response.status === 410 ? 'NOT_FOUND' : 'DATA_UNREADABLE';
  const message = `${shown} answers ${status}: check the address, and whether it needs a password or a signature`;
  throw new AristarchError(code, message, { address: shown, status: response.status });
}

async function save(response: Response, path: string, shown: string, maxBytes: number): Promise<void> {
  if (response.body === null) {
    throw new AristarchError('DATA_UNREADABLE', `${shown} answers without content: check the address`, {
      address: shown,
    });
  }
  try {
    await pipeline(Readable.fromWeb(response.body), createLimit(shown, maxBytes), createWriteStream(path));
  } catch (thrown) {
    if (thrown instanceof AristarchError) throw thrown;
    const message = `the download of ${shown} broke off: ${reasonOf(thrown)}. Try again`;
    throw new AristarchError('DATA_UNREADABLE', message, { address: shown }, thrown);
  }
}

function createLimit(shown: string, maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maxBytes) done(tooLarge(shown, maxBytes));
      else done(null, chunk);
    },
  });
}

function tooLarge(shown: string, maxBytes: number): AristarchError {
  const message = `${shown} is larger than the limit of ${maxBytes} bytes for downloads: download it yourself, and give the path`;
  return new AristarchError('RESOURCE_EXHAUSTED', message, { address: shown, maxBytes });
}

function fileName(url: URL, response: Response, shown: string): string {
  // Only the ending matters; other letters could mean something to a glob.
  const name = basename(url.pathname).replaceAll(/[^\w.-]/g, '_');
  if (formatOf(name) !== undefined) return name;
  const format = formatOfContentType(response.headers.get('content-type') ?? '');
  return format === undefined ? checkFormat(name, shown) : `data${FORMATS[format].extensions.at(-1)!}`;
}

/** fetch says "fetch failed" and keeps the reason in the cause. */
function reasonOf(thrown: unknown): string {
  const cause = types.isNativeError(thrown) ? thrown.cause : undefined;
  return messageOf(types.isNativeError(cause) && cause.message !== '' ? cause : thrown);
}

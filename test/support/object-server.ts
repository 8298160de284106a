import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';

export const CREDENTIALS = { id: 'the-key', secret: 'the/secret+of=tests', region: 'eu-central-1' } as const;

export interface ObjectServer {
  readonly origin: string;
  /** Requests that were answered, as "GET /path" and the range. */
  readonly requests: string[];
  /** What is done to a request before it is answered; true where that was the answer. */
  intercept: (path: string, request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface ObjectServerOptions {
  /** Its files are the objects of "bucket", below "bucket/models/", or lie below "/models/" of a plain web server. */
  readonly folder: string;
  /** `s3` wants each request signed by `CREDENTIALS` and lists what it has, three keys a page. */
  readonly kind: 's3' | 'web';
}

/** Small servers of a folder's files, closed after each test. */
export function createObjectServerFixture(): (options: ObjectServerOptions) => Promise<ObjectServer> {
  const closes: (() => void)[] = [];
  afterEach(() => closes.splice(0).forEach((close) => close()));
  return async ({ folder, kind }) => {
    const state: ObjectServer = { origin: '', requests: [], intercept: () => false };
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://host');
      state.requests.push([`GET ${url.pathname}`, request.headers.range ?? []].flat().join(' '));
      if (kind === 's3' && !isSigned(request)) response.writeHead(403).end();
      else if (!state.intercept(url.pathname, request, response)) void answer(folder, kind, url, request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closes.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return Object.assign(state, { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  };
}

async function answer(
  folder: string,
  kind: ObjectServerOptions['kind'],
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (kind === 's3' && url.searchParams.get('list-type') === '2') {
    response.end(await listKeys(folder, url.searchParams));
    return;
  }
  const key = decodeURIComponent(url.pathname).replace(kind === 's3' ? /^\/bucket\/models\// : /^\/models\//, '');
  const object = await readFile(join(folder, key)).catch(() => undefined);
  if (object === undefined) {
    response.writeHead(404).end();
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= object.length) response.writeHead(416).end();
  else response.writeHead(from > 0 ? 206 : 200, { 'content-length': object.length - from }).end(object.subarray(from));
}

const PAGE = 3;

async function listKeys(folder: string, query: URLSearchParams): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
  const keys = paths.map((path) => `models/${path.slice(folder.length + 1)}`).sort();
  const wanted = keys.filter((key) => key.startsWith(query.get('prefix') ?? ''));
  const from = Number(query.get('continuation-token') ?? 0);
  const next = from + PAGE < wanted.length ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : '';
  const contents = wanted.slice(from, from + PAGE).map((key) => `<Contents><Key>${key}</Key><Size>1</Size></Contents>`);
  return `<?xml version="1.0"?><ListBucketResult>${next}${contents.join('')}</ListBucketResult>`;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** As "Signature Version 4" of AWS has it, from the request that came. */
function isSigned(request: IncomingMessage): boolean {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/;
  const [, id, day, region, names, signature] = pattern.exec(request.headers.authorization ?? '') ?? [];
  if (id !== CREDENTIALS.id || region !== CREDENTIALS.region) return false;
  const url = new URL(request.url!, 'http://host');
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const headers = names!.split(';').map((name) => `${name}:${String(request.headers[name]).trim()}\n`);
  const payload = String(request.headers['x-amz-content-sha256'] ?? sha256(''));
  const canonical = ['GET', url.pathname, query.join('&'), headers.join(''), names, payload].join('\n');
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = [region, 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${CREDENTIALS.secret}`, day!));
  return hmac(key, text).toString('hex') === signature;
}

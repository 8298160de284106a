import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXTENSION_VARIABLE } from '../../src/tables/object-store.ts';
import { openTable } from '../../src/tables/table.ts';
import { allRows, useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';

const files = useDataFolder();

describe('s3 addresses without the httpfs extension', () => {
  it('say what is lacking and what to do', async () => {
    const environment = { [EXTENSION_VARIABLE]: files.path('absent/httpfs.duckdb_extension') };
    await expect(openTable({ data: ['s3://bucket/rows.parquet'], environment })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(
        /need DuckDB's httpfs extension.*absent\/httpfs\.duckdb_extension.*for DuckDB v\d+\.\d+\.\d+ .*ARISTARCH_DUCKDB_HTTPFS/s,
      ) as unknown,
    });
  });

  it('are not asked for what their ending does not tell', async () => {
    await expect(openTable({ data: ['s3://bucket/rows'] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

const location = process.env[EXTENSION_VARIABLE];

needs('httpfs').describe('s3 addresses with the extension', () => {
  let server: Server;
  let endpoint = '';
  let objects: Readonly<Record<string, Buffer>> = {};
  const credentials: (string | undefined)[] = [];

  beforeAll(async () => {
    const parquet = await readFile(await files.writeParquet('one.parquet', 'SELECT 1 AS a'));
    const other = await readFile(await files.writeParquet('two.parquet', 'SELECT 2 AS a'));
    objects = { 'day/one.parquet': parquet, 'day/two.parquet': other };
    server = createServer((request, response) => {
      credentials.push(request.headers.authorization);
      serveObject(objects, request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('reads objects and patterns, signed with the AWS variables', async () => {
    const environment = {
      [EXTENSION_VARIABLE]: location,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'the-key',
      AWS_SECRET_ACCESS_KEY: "the'secret",
      AWS_REGION: 'eu-central-1',
    };
    const one = await files.open({ data: ['s3://bucket/day/one.parquet'], environment });
    expect(await allRows(one)).toEqual([{ a: 1 }]);
    const both = await files.open({ data: ['s3a://bucket/day/*.parquet'], environment });
    expect(await allRows(both)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(
      credentials.every((value) => /^AWS4-HMAC-SHA256 Credential=the-key\/\d+\/eu-central-1\/s3\//.test(value ?? '')),
    ).toBe(true);
    await expect(openTable({ data: ['s3://bucket/day/none.parquet'], environment })).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringMatching(/none\.parquet/) as unknown,
    });
  });
});

/** As much of S3 as a reader needs: the list of a bucket, and objects with ranges, addressed by path. */
function serveObject(
  objects: Readonly<Record<string, Buffer>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const url = new URL(request.url!, 'http://host');
  const key = decodeURIComponent(url.pathname).replace(/^\/bucket\/?/, '');
  if (key === '') {
    const contents = Object.keys(objects).map((name) => `<Contents><Key>${name}</Key></Contents>`);
    response.end(
      `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    );
    return;
  }
  const object = objects[key];
  if (object === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
  const part = from === undefined ? object : object.subarray(Number(from), to === '' ? undefined : Number(to) + 1);
  const range =
    from === undefined ? {} : { 'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${object.length}` };
  response.writeHead(from === undefined ? 200 : 206, {
    'content-length': part.length,
    'accept-ranges': 'bytes',
    etag: '"1"',
    ...range,
  });
  response.end(request.method === 'HEAD' ? undefined : part);
}

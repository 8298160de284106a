import { createServer, type RequestListener, type Server } from 'node:http';
import { access } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openTable } from '../../src/tables/table.ts';
import { allRows, useDataFolder } from '../support/data-files.ts';

const CSV = 'a,b\n1,x\n2,y\n';
const files = useDataFolder();

const PAGES: Readonly<Record<string, RequestListener>> = {
  '/rows.csv': (_, response) => response.end(CSV),
  '/odd name[1]*.csv': (_, response) => response.end(CSV),
  '/export': (_, response) => response.setHeader('content-type', 'text/csv; charset=utf-8').end(CSV),
  '/unknown': (_, response) => response.setHeader('content-type', 'text/html').end('<p>'),
  '/empty.csv': (_, response) => response.end(),
  '/moved.csv': (_, response) => response.writeHead(302, { location: '/rows.csv' }).end(),
  '/locked.csv': ({ headers }, response) => {
    const expected = `Basic ${Buffer.from('ann:p@ss').toString('base64')}`;
    response.statusCode = headers.authorization === expected ? 200 : 401;
    response.end(CSV);
  },
  '/cut.csv': (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(CSV, () => response.destroy());
  },
  '/endless.csv': (_, response) => {
    const write = () => void response.write('x'.repeat(10_000), (error) => (error ? undefined : write()));
    write();
  },
};

describe('data over http', () => {
  let server: Server;
  let origin = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url!, 'http://host').pathname);
      const page = PAGES[path];
      if (page === undefined) response.writeHead(404).end();
      else page(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each(['/rows.csv', '/rows.csv?signature=abc', '/moved.csv', '/export', '/odd%20name%5B1%5D*.csv'])(
    'reads %s',
    async (path) => {
      const table = await files.open({ data: [`http://${origin}${path}`] });
      expect(await allRows(table)).toEqual([
        { a: 1n, b: 'x' },
        { a: 2n, b: 'y' },
      ]);
    },
  );

  it('sends user and password of the address, and shows neither', async () => {
    const table = await files.open({ data: [`http://ann:p%40ss@${origin}/locked.csv?token=1`] });
    expect(table.rowCount).toBe(2);
    expect(table.files).toEqual([`http://${origin}/locked.csv`]);
  });

  it('removes the copy when the table is closed', async () => {
    const table = await openTable({ data: [`http://${origin}/rows.csv`] });
    const { folder } = table.database;
    await access(folder);
    await table.close();
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['/nowhere.csv', 'NOT_FOUND', /\/nowhere\.csv answers 404 Not Found: check the address/],
    ['/locked.csv', 'DATA_UNREADABLE', /answers 401 .*password/],
    ['/empty.csv', 'DATA_UNREADABLE', /\/empty\.csv is empty/],
    ['/unknown', 'INVALID_INPUT', /\/unknown does not say by its ending/],
    ['/cut.csv', 'DATA_UNREADABLE', /the download of .*\/cut\.csv broke off/],
    ['/endless.csv', 'RESOURCE_EXHAUSTED', /larger than the limit of 1000000 bytes/],
  ])('explains why it cannot read %s', async (path, code, reason) => {
    const opening = openTable({ data: [`http://${origin}${path}?key=hidden`], maxDownloadBytes: 1_000_000 });
    await expect(opening).rejects.toMatchObject({ code, message: expect.stringMatching(reason) as unknown });
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringMatching(/hidden/) as unknown });
  });

  it('explains that nothing listens', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const opening = openTable({ data: [`http://127.0.0.1:${port}/rows.csv`] });
    await expect(opening).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: expect.stringMatching(/cannot reach .*ECONNREFUSED/) as unknown,
    });
  });
});

import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { normalOrders, toCsv, trainTiny } from '../support/train-tiny.ts';

let home = '';
let server: Server;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'aristarch-secrets-'));
  server = createServer((_request, response) => response.end(toCsv(normalOrders(60)))).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await rm(home, { recursive: true, force: true });
});

describe('an address with a password and a signature', () => {
  it('is trained on, and neither is printed, nor kept in any file of the model', async () => {
    const origin = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const notes: string[] = [];
    const data = `http://ann:hunter2@${origin}/orders.csv?signature=s3cr3t`;
    const settings = { data, out: join(home, 'model'), steps: 2, folds: 2, device: 'cpu' };
    const { folder } = await trainTiny(settings, { note: (message) => void notes.push(message) });
    expect(notes[0]).toBe(`reading http://${origin}/orders.csv`);
    const files = await readdir(folder);
    expect(files).toEqual(expect.arrayContaining(['manifest.json', 'report.html']));
    for (const name of files) {
      const text = await readFile(join(folder, name), 'latin1');
      for (const secret of ['hunter2', 's3cr3t']) expect([name, text.includes(secret)]).toEqual([name, false]);
    }
    expect(await readFile(join(folder, 'manifest.json'), 'utf8')).toContain(`http://${origin}/orders.csv`);
  });
});

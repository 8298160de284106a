import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { get } from '../../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import { FUZZ_INPUTS, LEAK_BYTES, leftBehind, mutated } from './mutations.ts';

const serve = createServeFixture();

const head = (line: string, ...headers: string[]) =>
  `${[line, 'host: localhost', ...headers, 'connection: close'].join('\r\n')}\r\n\r\n`;
const GOOD = [
  head('GET / HTTP/1.1'),
  head('GET /metrics HTTP/1.1', 'accept: text/plain'),
  head('HEAD /readyz?x=1 HTTP/1.1'),
  head('GET http://localhost/healthz HTTP/1.1', `authorization: Basic ${Buffer.from('a:b').toString('base64')}`),
  head('POST / HTTP/1.1', 'content-length: 3') + 'abc',
];

/** All that the server says until it closes; it is given a second, since mutated heads may ask it to wait for more. */
function answerTo(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.end(bytes));
    const done = () => {
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    socket.setTimeout(1000, done);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      // Streams of events have no end.
      if (chunk.includes('text/event-stream')) done();
    });
    socket.on('close', done);
    socket.on('error', done);
  });
}

it(`answers ${FUZZ_INPUTS} mutated requests by HTTP with a page or a fault of the caller, and keeps nothing`, async () => {
  const { log, lines } = createListeningLog();
  const { addresses } = await serve({ log });
  const port = Number(addresses.http.split(':')[1]);
  const seen = new Set<string>();
  const left = await leftBehind(
    fc.asyncProperty(mutated(GOOD), async (bytes) => {
      const answer = await answerTo(port, bytes);
      const code = /^HTTP\/1\.1 (\d)/.exec(answer)?.[1] ?? '';
      seen.add(code);
      expect(['', '2', '4']).toContain(code);
    }),
  );
  expect(left).toBeLessThan(LEAK_BYTES);
  expect([...seen]).toEqual(expect.arrayContaining(['2', '4']));
  expect((await get(addresses.http, '/healthz')).status).toBe(200);
  expect(lines().filter(({ level }) => Number(level) >= 50)).toEqual([]);
}, 3_600_000);

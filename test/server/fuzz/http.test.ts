import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { get } from '../../support/http-client.ts';
import { FUZZ_INPUTS, run } from './campaign.ts';
import { mutated } from './mutations.ts';
import { createFuzzedServers } from './served.ts';

const serve = createFuzzedServers();

const head = (line: string, ...headers: string[]) =>
  `${[line, 'host: localhost', ...headers, 'connection: close'].join('\r\n')}\r\n\r\n`;
const GOOD = [
  head('GET / HTTP/1.1'),
  head('GET /metrics HTTP/1.1', 'accept: text/plain'),
  head('HEAD /readyz?x=1 HTTP/1.1'),
  head('GET http://localhost/healthz HTTP/1.1', `authorization: Basic ${Buffer.from('a:b').toString('base64')}`),
  head('POST / HTTP/1.1', 'content-length: 3') + 'abc',
  'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n' + head('GET /readyz HTTP/1.1'),
  head('POST /readyz HTTP/1.1', 'transfer-encoding: chunked') + '3\r\nabc\r\n0\r\n\r\n',
];
const INTACT = new Set(GOOD);

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
  const { http, atRest, checkLog } = await serve();
  const port = Number(http.split(':')[1]);
  const outcomes = await run({
    ...{ entrance: 'HTTP', what: 'requests to every page', inputs: mutated(GOOD), atRest },
    send: async (bytes) => {
      const answer = await answerTo(port, bytes);
      const code = /^HTTP\/1\.1 (\d\d\d)/.exec(answer)?.[1] ?? '';
      expect(code).toMatch(/^([24]\d\d)?$/);
      if (INTACT.has(bytes.toString('latin1'))) expect(code).not.toBe('');
      return code === '' ? 'closed' : code;
    },
  });
  expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['200', '400']));
  expect((await get(http, '/healthz')).status).toBe(200);
  checkLog();
}, 3_600_000);

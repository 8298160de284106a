import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import { toFrame } from '../../src/server/grpc/wire/frames.ts';
import { createHttp2Fixture, framed, startCall } from '../support/http2-calls.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const open = createHttp2Fixture();
const { DescribeModel } = loadContract()[SERVICE] as ServiceDefinition;

/**
 * As the fuzz has found it: a call of a method that nobody knows, a stream, a GOAWAY, and the beginning of a frame that is longer than any
 * may be. The connection is over before the server is told of the calls, and grpc-js answered the first one nevertheless.
 */
const FOUND = Buffer.from(
  [
    '505249202a20485454502f322e300d0a0d0a534d0d0a0d0a0000000400000000000000340104000000018386040d2f6e6f62',
    '6f64792f6b6e6f77730101780002746508747261696c6572730f10106170706c69636174696f6e2f67727063000047000100',
    '00000100000000421a400a3c0000803f000000000000803f000000000000000000000040000000000000803f000000000000',
    '000000004040000000000000803f0000000000000000100500005e010400000003838604232f6172697374617263682e7631',
    '2e4172697374617263682f53636f726553747265616d0101780002746508747261696c657273000d677270632d656e636f64',
    '696e6704677a69700f10106170706c69636174696f6e2f6772706300004700000000000300000000421a400a3c0000803f00',
    '0000000000803f000000000000000000000040000000000000803f000000000000000000004040000000000000803f000000',
    '0000000000100500000807000000000000000000000000fb00',
  ].join(''),
  'hex',
);
const REST = toFrame(0xbb, 0, 0, Buffer.alloc(16_000));

it('a call that is over before the server hears of it is answered by nobody, and ends no process', async () => {
  const { addresses } = await serve();
  const { port } = new URL(`http://${addresses.grpc}`);
  // An exception that nobody catches fails the test.
  for (let time = 0; time < 20; time++) {
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(Buffer.concat([FOUND, REST, REST]));
    await once(socket, 'close');
  }
  const { stream, end } = startCall(open(addresses.grpc), DescribeModel!.path);
  stream.end(framed(Buffer.alloc(0)));
  expect((await end).code).toBe(status.OK);
});

import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { loadContract, SERVICE, type WireScoreResponse } from '../../src/server/grpc/contract.ts';
import { createDetectorDouble } from '../support/detector-double.ts';
import { createClientFixture, dense, record, records, type ScoreStream } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';
import { createGate, settled, until } from '../support/until.ts';

const serve = createServeFixture();
const connect = createClientFixture();

const METHOD = (loadContract()[SERVICE] as ServiceDefinition)['ScoreStream']!;

/** A message as gRPC frames it: not compressed, its length, its bytes. */
function toFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Everything that a stream answers until it ends, and the error it ends with. */
async function readAll(stream: ScoreStream): Promise<{ responses: WireScoreResponse[]; error?: ServiceError }> {
  const responses: WireScoreResponse[] = [];
  try {
    for await (const response of stream) responses.push(response as WireScoreResponse);
    return { responses };
  } catch (error) {
    return { responses, error: error as ServiceError };
  }
}

/** A detector whose first inference after the self-test waits at a gate. */
function gatedDetector() {
  const gate = createGate();
  const detector = createDetectorDouble({ beforeScore: (call) => (call === 2 ? gate.wait() : undefined) });
  return { gate, detector };
}

describe('ScoreStream', () => {
  it('answers each message, in order, and ends when the caller has ended', async () => {
    const { addresses } = await serve();
    const stream = connect(addresses.grpc).raw.scoreStream();
    for (let n = 0; n < 100; n++) stream.write({ ...(n % 2 ? dense(n / 10) : records(n / 10)), requestId: `r-${n}` });
    stream.end();
    const { responses, error } = await readAll(stream);
    expect(error).toBeUndefined();
    expect(responses.map(({ requestId }) => requestId)).toEqual(Array.from({ length: 100 }, (_, n) => `r-${n}`));
    expect(responses[55]!.results[0]!.score).toBeCloseTo(5.5);
  });

  it('ends at a message that cannot be scored, with its number; earlier ones are answered', async () => {
    const { addresses } = await serve();
    const stream = connect(addresses.grpc).raw.scoreStream();
    for (const request of [
      dense(1),
      dense(2),
      { records: { records: [record(3, { online: { number: 7 } })] } },
      dense(4),
    ]) {
      stream.write(request);
    }
    const { responses, error } = await readAll(stream);
    expect(responses.map(({ results }) => results[0]!.score)).toEqual([1, 2]);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(error?.details).toMatch(/^message 3 of the stream: record 0: 7 cannot be the boolean "online"/);
    expect(JSON.parse(String(error?.metadata.get('aristarch-data-bin')[0]))).toMatchObject({
      message: 3,
      field: 'online',
    });
  });

  it('stops reading while its responses are not taken', async () => {
    const detector = createDetectorDouble();
    const { addresses } = await serve({ detector });
    // Below grpc-js, whose client takes responses off the wire before anybody asks for them.
    const session = connectHttp2(`http://${addresses.grpc}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': METHOD.path,
      te: 'trailers',
      'content-type': 'application/grpc',
    });
    const messages = 400;
    const frame = toFrame(METHOD.requestSerialize(dense(...new Array<number>(1000).fill(1))));
    for (let n = 0; n < messages; n++) stream.write(frame);
    stream.end();
    await until('the first messages are scored', () => detector.calls.length > 1);
    expect(await settled(() => detector.calls.length)).toBeLessThan(messages / 4);
    stream.resume();
    await once(stream, 'end');
    expect(detector.calls).toHaveLength(1 + 2 * messages);
    session.close();
  });

  it('scores messages that have arrived together in one inference', async () => {
    const { gate, detector } = gatedDetector();
    const { addresses } = await serve({ detector });
    const stream = connect(addresses.grpc).raw.scoreStream();
    stream.write(dense(0));
    await until('the first message is being scored', () => gate.waiting() === 1);
    for (let n = 1; n <= 20; n++) stream.write(dense(n));
    stream.end();
    await until('the others wait', async () => (await scrape(addresses.http)).includes('aristarch_queue_rows 20'));
    gate.open();
    const { responses } = await readAll(stream);
    expect(responses.map(({ results }) => results[0]!.score)).toEqual(Array.from({ length: 21 }, (_, n) => n));
    expect(detector.calls).toEqual([1, 1, 20]);
  });

  it('works on nothing more when the caller cancels', async () => {
    const gate = createGate();
    const detector = createDetectorDouble({ beforeScore: (call) => (call === 3 ? gate.wait() : undefined) });
    const { addresses } = await serve({ detector });
    const client = connect(addresses.grpc);
    const stream = client.raw.scoreStream();
    for (let n = 0; n < 5; n++) stream.write(dense(n));
    await until('the second message is being scored', () => gate.waiting() === 1);
    stream.cancel();
    const { error } = await readAll(stream);
    expect(error?.code).toBe(status.CANCELLED);
    // On one connection frames arrive in order: once this is answered, the server knows of the cancellation.
    await client.describe();
    gate.open();
    await until('no request is in flight', async () =>
      (await scrape(addresses.http)).includes('aristarch_requests_in_flight{transport="grpc_stream"} 0'),
    );
    expect(await settled(() => detector.calls.length)).toBe(3);
  });
});

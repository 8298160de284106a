import { type ClientHttp2Session, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { expect, it } from '@jest/globals';
import { type ServiceDefinition, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import {
  loadContract,
  SERVICE,
  type WireScoreRequest,
  type WireScoreResponse,
} from '../../../src/server/grpc/contract.ts';
import { createAuthority, createCertificate } from '../../support/certificates.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { dense, records } from '../../support/grpc-client.ts';
import { createHttp2Fixture, framed, startCall } from '../../support/http2-calls.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { FUZZ_INPUTS, run } from './campaign.ts';
import { mutated } from './mutations.ts';
import { CALLERS_FAULTS, createFuzzedServers, nameOf } from './served.ts';

const serve = createFuzzedServers();
const open = createHttp2Fixture();
const data = useDataFolder();
const methods = loadContract()[SERVICE] as ServiceDefinition;
const { requestSerialize, requestDeserialize, responseDeserialize } = methods['ScoreStream']!;
const GOOD = [dense(1, 2, 3), { ...dense(9.99), requestId: 'r-1' }, records(1, 2)].map((each) =>
  requestSerialize(each),
);
const OK: number = status.OK;
const INTACT = new Set(GOOD.map((bytes) => bytes.toString('latin1')));

/** How a caller ends: properly, within its last message, or by giving the call up. */
const ENDS = ['whole', 'cut short', 'reset'] as const;
interface Sent {
  readonly method: 'Score' | 'ScoreStream';
  readonly messages: readonly Buffer[];
  readonly isCompressed: boolean;
  readonly end: (typeof ENDS)[number];
  /** Where the bytes are cut into pieces, as shares of all. */
  readonly cuts: readonly number[];
}

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const sent: fc.Arbitrary<Sent> = fc.record({
  method: fc.constantFrom('Score', 'ScoreStream', 'ScoreStream'),
  messages: fc.array(
    fc.oneof({ arbitrary: fc.constantFrom(...GOOD), weight: 4 }, { arbitrary: mutated(GOOD), weight: 1 }),
    { maxLength: 12 },
  ),
  isCompressed: fc.boolean(),
  end: fc.constantFrom(...ENDS),
  cuts: fc.array(share, { maxLength: 5 }),
});

function toPieces({ messages, isCompressed, end, cuts }: Sent): Buffer[] {
  const all = Buffer.concat(messages.map((each) => framed(isCompressed ? gzipSync(each) : each, isCompressed)));
  const last =
    messages.at(-1) === undefined ? 0 : framed(isCompressed ? gzipSync(messages.at(-1)!) : messages.at(-1)!).length;
  const bytes = end === 'cut short' ? all.subarray(0, all.length - Math.min(last, 1)) : all;
  const places = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, place) => bytes.subarray(places[place], to));
}

function isReadable(bytes: Buffer): boolean {
  try {
    requestDeserialize(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Each message that is whole is answered, in order, until the first that is refused; then the status is the caller's fault. */
function checkStream({ messages, end }: Sent, code: number, answers: readonly Buffer[]): void {
  const whole = end === 'cut short' ? messages.slice(0, -1) : messages;
  for (const [place, answer] of answers.entries()) {
    const { requestId, results } = responseDeserialize(answer) as WireScoreResponse;
    const asked = requestDeserialize(whole[place]!) as WireScoreRequest;
    expect(requestId).toBe(asked.requestId);
    expect(results.length).toBe(asked.records?.records.length ?? asked.dense!.values.length / 5);
  }
  const refused = whole[answers.length];
  if (code === OK) expect([answers.length, end === 'cut short' && messages.length > 0]).toEqual([whole.length, false]);
  else {
    expect(CALLERS_FAULTS).toContain(code);
    expect(refused === undefined ? end : INTACT.has(refused.toString('latin1'))).toBe(
      refused === undefined ? 'cut short' : false,
    );
    if (refused !== undefined && !isReadable(refused)) expect(code).toBe(status.INVALID_ARGUMENT);
  }
}

/** Calls that are given up on one connection. */
const MOST_RESETS = 500;

/** Exactly one whole message is scored; more, none or a part of one is what the method has not (gRPC's rule). */
function checkUnary({ messages, end, isCompressed }: Sent, code: number): void {
  const isOne = messages.length === 1 && end === 'whole';
  if (!isOne) expect([status.UNIMPLEMENTED, ...(isCompressed ? CALLERS_FAULTS : [])]).toContain(code);
  else if (INTACT.has(messages[0]!.toString('latin1'))) expect(code).toBe(status.OK);
  else expect([status.OK, ...CALLERS_FAULTS]).toContain(code);
}

it.each(['without TLS', 'over TLS'])(
  `answers ${FUZZ_INPUTS} calls of many messages %s, cut into pieces, broken off and given up, and keeps nothing`,
  async (way) => {
    const authority = await createAuthority();
    const { cert, key } = await createCertificate(authority, 'aristarch');
    const files = { tlsCert: await data.write('tls.crt', cert), tlsKey: await data.write('tls.key', key) };
    const isSecure = way === 'over TLS';
    const { grpc, atRest, checkLog } = await serve(isSecure ? files : {});
    const connect = async (): Promise<ClientHttp2Session> => {
      const opened = open(grpc, isSecure ? { ca: authority.cert } : {});
      await waitUntil('a connection', () => !opened.connecting);
      return opened;
    };
    let session = await connect();
    let resets = 0;
    const outcomes = await run({
      ...{
        entrance: 'gRPC',
        what: `calls of many messages ${way}, in pieces, compressed, broken off, given up`,
        inputs: sent,
        share: 0.5,
        atRest,
      },
      send: async (input) => {
        // A connection on which more than a thousand calls are given up within seconds is rightly ended by HTTP/2's own guard.
        if (resets >= MOST_RESETS) session.close();
        if (session.closed || session.destroyed) {
          session = await connect();
          resets = 0;
        }
        const encoding = input.isCompressed ? { 'grpc-encoding': 'gzip' } : {};
        const { stream, end } = startCall(session, methods[input.method]!.path, encoding);
        for (const piece of toPieces(input)) stream.write(piece);
        if (input.end === 'reset') {
          resets++;
          // What was written is on its way before the call is given up.
          stream.write('', () => stream.close(constants.NGHTTP2_CANCEL));
          await end;
          return 'given up';
        }
        stream.end();
        const { code, messages } = await end;
        if (input.method === 'Score') checkUnary(input, code);
        else checkStream(input, code, messages);
        return nameOf(code);
      },
    });
    expect(outcomes['OK']).toBeGreaterThan(FUZZ_INPUTS / 50);
    expect(outcomes['INVALID_ARGUMENT']).toBeGreaterThan(FUZZ_INPUTS / 50);
    checkLog();
  },
  3_600_000,
);

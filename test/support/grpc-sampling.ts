import { connect as connectHttp2 } from 'node:http2';
import { type ServiceDefinition, type ServiceError } from '@grpc/grpc-js';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { openSampler } from '../../src/scoring/open-sampler.ts';
import type { Sampler } from '../../src/scoring/sampler.ts';
import { loadContract, SERVICE, type WireSampleResponse } from '../../src/server/grpc/contract.ts';
import type { Serving } from '../../src/server/serve.ts';
import { createClientFixture, type SampleStream, type ScoringClient } from './grpc-client.ts';
import { scrape } from './http-client.ts';
import { createServeFixture } from './serve-fixture.ts';
import type { TinyRun } from './train-tiny.ts';

export const SAMPLE_METHOD = (loadContract()[SERVICE] as ServiceDefinition)['Sample']!;

export interface Answer {
  readonly pieces: readonly WireSampleResponse[];
  readonly records: readonly Readonly<Record<string, unknown>>[];
  readonly error?: ServiceError;
}

/** Everything that a stream answers until it ends, and the error it ends with. */
export async function readAll(stream: SampleStream): Promise<Answer> {
  const pieces: WireSampleResponse[] = [];
  let error: ServiceError | undefined;
  try {
    for await (const piece of stream) pieces.push(piece as WireSampleResponse);
  } catch (thrown) {
    error = thrown as ServiceError;
  }
  const records = pieces.flatMap((piece) => piece.records.map(({ fields }) => toPlain(fields)));
  return { pieces, records, ...(error && { error }) };
}

/** The one value that is set in each field; times as ISO text. */
function toPlain(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const entries = Object.entries(fields as Record<string, Record<string, unknown>>).map(([name, value]) => {
    const kind = String(value['kind']);
    const plain = value[kind];
    if (kind === 'null') return [name, null] as const;
    return [name, kind === 'timestampMs' ? new Date(Number(plain)).toISOString() : plain] as const;
  });
  return Object.fromEntries(entries);
}

type Serve = ReturnType<typeof createServeFixture>;
type Start = (options?: Parameters<Serve>[0]) => Promise<{ serving: Serving; client: ScoringClient }>;

/** Servers of a trained model, each with a client, stopped after each test. */
export function createSamplingFixture(model: () => TinyRun): Start {
  const serve = createServeFixture();
  const connect = createClientFixture();
  return async (options = {}) => {
    const settings = { model: model().folder, device: 'cpu', ...options.settings };
    const serving = await serve({ openDetector, ...options, settings });
    return { serving, client: connect(serving.addresses.grpc) };
  };
}

/** The real generator, with a door before each block of rows and a count of blocks made. */
export function watchedSampler(beforeBlock: (block: number) => Promise<void> | void = () => undefined) {
  const seen = { blocks: 0, opened: 0, closed: 0 };
  const open = async (folder: string): Promise<Sampler> => {
    const sampler = await openSampler(folder, { device: 'cpu' });
    seen.opened++;
    return {
      ...sampler,
      sample: async function* (count, options) {
        for await (const rows of sampler.sample(count, options)) {
          await beforeBlock(++seen.blocks);
          yield rows;
        }
      },
      close: async () => {
        seen.closed++;
        await sampler.close();
      },
    };
  };
  return { seen, open };
}

/** A call whose answers nobody takes: below grpc-js, whose client takes them off the wire before anybody asks for them. */
export function requestUnread({ addresses }: Serving, count: number) {
  const session = connectHttp2(`http://${addresses.grpc}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ':method': 'POST',
    ':path': SAMPLE_METHOD.path,
    te: 'trailers',
    'content-type': 'application/grpc',
  });
  const message = SAMPLE_METHOD.requestSerialize({ count });
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  return { session, stream };
}

/** Whether one request ended so. */
export async function hasEnded({ addresses }: Serving, code: string): Promise<boolean> {
  return (await scrape(addresses.http)).includes(`aristarch_sample_requests_total{code="${code}"} 1`);
}

import { afterEach } from '@jest/globals';
import {
  type CallOptions,
  type ChannelCredentials,
  type ChannelOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  makeClientConstructor,
  Metadata,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import {
  loadContract,
  SERVICE,
  type WireDescribeResponse,
  type WireListResponse,
  type WireSampleResponse,
  type WireScoreResponse,
} from '../../src/server/grpc/contract.ts';

/** What a caller may send: fields left out have protobuf's default. */
export type ScoreMessage = Readonly<Record<string, unknown>>;
export type ScoreStream = ClientDuplexStream<ScoreMessage, WireScoreResponse>;
export type SampleStream = ClientReadableStream<WireSampleResponse>;

type Callback<R> = (error: ServiceError | null, response: R) => void;
interface RawClient extends Client {
  score(
    request: ScoreMessage,
    metadata: Metadata,
    options: CallOptions,
    done: Callback<WireScoreResponse>,
  ): { cancel(): void };
  scoreStream(options?: CallOptions): ScoreStream;
  sample(request: Readonly<Record<string, unknown>>, options?: CallOptions): SampleStream;
  describeModel(request: ScoreMessage, metadata: Metadata, done: Callback<WireDescribeResponse>): void;
  listModels(request: ScoreMessage, metadata: Metadata, done: Callback<WireListResponse>): void;
  loadModel(request: ScoreMessage, metadata: Metadata, done: Callback<WireDescribeResponse>): void;
  unloadModel(request: ScoreMessage, metadata: Metadata, done: Callback<object>): void;
}

export interface ScoringClient {
  readonly raw: RawClient;
  score(request: ScoreMessage, options?: CallOptions): Promise<WireScoreResponse>;
  /** The error that a call ends with; fails when it succeeds. */
  refusal(request: ScoreMessage, options?: CallOptions): Promise<ServiceError>;
  describe(model?: string): Promise<WireDescribeResponse>;
  list(): Promise<WireListResponse['models']>;
  load(model?: string, modelVersion?: string): Promise<WireDescribeResponse>;
  unload(model: string): Promise<object>;
}

export interface HealthClient extends Client {
  check(request: { service: string }, done: Callback<{ status: string }>): void;
  watch(request: { service: string }): ClientReadableStream<{ status: string }>;
}

export interface ReflectionAnswer {
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
}
export interface ReflectionClient extends Client {
  ServerReflectionInfo(): ClientDuplexStream<Readonly<Record<string, string>>, ReflectionAnswer>;
}

/** Real grpc-js clients of any service, closed after each test. */
export function createRawClientFixture(): (
  address: string,
  definition: ServiceDefinition,
  secure?: ChannelCredentials,
  options?: ChannelOptions,
) => Client {
  const open: Client[] = [];
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });
  return (address, definition, secure = credentials.createInsecure(), options = {}) => {
    const client = new (makeClientConstructor(definition, 'client'))(address, secure, options);
    open.push(client);
    return client;
  };
}

export const HEALTH = healthService as ServiceDefinition;
export const REFLECTION = loadSync('grpc/reflection/v1/reflection.proto', {
  includeDirs: [fileURLToPath(new URL('../../node_modules/@grpc/reflection/build/proto', import.meta.url))],
})['grpc.reflection.v1.ServerReflection'] as ServiceDefinition;

/** What a client shows of itself; nothing when absent. */
export interface Access {
  readonly secure?: ChannelCredentials;
  readonly token?: string;
}

/** Clients of the scoring service, closed after each test. */
export function createClientFixture(): (address: string, access?: Access) => ScoringClient {
  const connect = createRawClientFixture();
  return (address, { secure, token } = {}) => {
    const raw = connect(address, loadContract()[SERVICE] as ServiceDefinition, secure) as RawClient;
    const metadata = new Metadata();
    if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
    const score: ScoringClient['score'] = (request, options = {}) =>
      new Promise((resolve, reject) => {
        raw.score(request, metadata, options, (error, response) => (error ? reject(error) : resolve(response)));
      });
    return {
      raw,
      score,
      refusal: (request, options) =>
        score(request, options).then(
          () => {
            throw new Error('the call succeeded');
          },
          (error: unknown) => error as ServiceError,
        ),
      describe: (model = '') => answer((done) => raw.describeModel({ model }, metadata, done)),
      list: async () => (await answer<WireListResponse>((done) => raw.listModels({}, metadata, done))).models,
      load: (model = '', modelVersion = '') => answer((done) => raw.loadModel({ model, modelVersion }, metadata, done)),
      unload: (model) => answer((done) => raw.unloadModel({ model }, metadata, done)),
    };
  };
}

function answer<R>(call: (done: Callback<R>) => void): Promise<R> {
  return new Promise((resolve, reject) => call((error, response) => (error ? reject(error) : resolve(response))));
}

/** One named record of the detector double; its score is `amount`. */
export function record(amount: number, changes: Readonly<Record<string, unknown>> = {}): unknown {
  const fields: Readonly<Record<string, unknown>> = {
    amount: { number: amount },
    country: { text: 'DE' },
    online: { flag: true },
    at: { timestampMs: Date.UTC(2026, 0, 1) },
    ...changes,
  };
  return { fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) };
}

/** A request of named records, or of packed rows of the double: five slots, of which the first is the amount. */
export function records(...amounts: number[]): ScoreMessage {
  return { records: { records: amounts.map((amount) => record(amount)) } };
}
export function dense(...amounts: number[]): ScoreMessage {
  return { dense: { width: 5, values: amounts.flatMap((amount) => [amount, 0, 1, 0, 0]) } };
}

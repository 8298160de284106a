import {
  type Client,
  credentials,
  makeClientConstructor,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadContract, SERVICE } from '../../src/server/grpc/contract.ts';
import type { ScoreMessage } from '../../test/support/grpc-client.ts';
import type { Scorer } from '../../test/support/watched-service.ts';

export interface Caller extends Scorer, Disposable {
  /** Sends a request so many times at once: put into bytes only once, so that the caller is quicker than the service. */
  burst(request: ScoreMessage, times: number): Promise<unknown>;
}

interface RawClient extends Client {
  score(request: ScoreMessage, done: (error: ServiceError | null, response: unknown) => void): void;
}

/** A caller that finds the service again after it was away. */
export function createCaller(address: string): Caller {
  const definition = loadContract()[SERVICE] as ServiceDefinition;
  const CallerClient = makeClientConstructor(definition, 'caller');
  const soon = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
  const raw = new CallerClient(address, credentials.createInsecure(), soon) as unknown as RawClient;
  return {
    score: (request) =>
      new Promise((resolve, reject) => {
        raw.score(request, (error, response) => (error ? reject(error) : resolve(response)));
      }),
    burst: (request, times) => {
      const { path, requestSerialize } = definition['Score']!;
      const bytes = requestSerialize(request);
      const same = (value: Buffer): Buffer => value;
      const send = () => new Promise<void>((done) => void raw.makeUnaryRequest(path, same, same, bytes, () => done()));
      return Promise.all(Array.from({ length: times }, send));
    },
    [Symbol.dispose]: () => raw.close(),
  };
}

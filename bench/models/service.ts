import {
  credentials,
  loadPackageDefinition,
  type Client,
  type ServiceClientConstructor,
} from '../../src/server/grpc/engine.ts';
import { loadContract } from '../../src/server/grpc/contract.ts';

/** Calls to a server, one at a time; each rejects with what the server answers. */
export interface Service {
  score(record: Readonly<Record<string, string | number>>): Promise<unknown>;
  load(model: string): Promise<unknown>;
  close(): void;
}

type Call = (request: unknown, done: (error: Error | null, response: unknown) => void) => void;
interface RawService extends Client {
  readonly score: Call;
  readonly loadModel: Call;
}

/** Opens a connection to a port of this machine, without encryption. */
export function openService(port: number): Service {
  const contract = loadPackageDefinition(loadContract())['aristarch'] as unknown as {
    v1: { Aristarch: ServiceClientConstructor };
  };
  const raw = new contract.v1.Aristarch(`127.0.0.1:${port}`, credentials.createInsecure()) as unknown as RawService;
  const ask = (name: 'score' | 'loadModel', request: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      raw[name](request, (error, response) => (error === null ? resolve(response) : reject(error)));
    });
  return {
    score: (record) => ask('score', { records: { records: [{ fields: toFields(record) }] } }),
    load: (model) => ask('loadModel', { model }),
    close: () => raw.close(),
  };
}

function toFields(record: Readonly<Record<string, string | number>>): Record<string, unknown> {
  const toValue = (value: string | number) => (typeof value === 'string' ? { text: value } : { number: value });
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, toValue(value)]));
}

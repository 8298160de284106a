import { AristarchError, toAristarchError } from '../../base/errors.ts';
import type { RawRecord } from '../../scoring/detector.ts';
import { loadContract, type WireScoreResponse } from './contract.ts';
import {
  credentials,
  loadPackageDefinition,
  type Client,
  type ClientDuplexStream,
  type ServiceClientConstructor,
} from './engine.ts';

/** One `ScoreStream` to a server: records go out, responses come back in the same order. */
export interface ScoreStreamClient {
  /**
   * The response to one message of records. Rejects with `UNAVAILABLE` when the stream has ended: with it, all that was
   * sent and not answered yet. Throws `INVALID_INPUT` for a value that the contract has no kind for.
   */
  score(records: readonly RawRecord[]): Promise<WireScoreResponse>;
  close(): void;
}

type Stream = ClientDuplexStream<unknown, WireScoreResponse>;
interface RawClient extends Client {
  scoreStream(): Stream;
}
interface Waiting {
  readonly resolve: (response: WireScoreResponse) => void;
  readonly reject: (error: AristarchError) => void;
}

/** Opens a stream to `host:port`, without encryption. */
export function openScoreStream(address: string): ScoreStreamClient {
  const contract = loadPackageDefinition(loadContract())['aristarch'] as unknown as {
    v1: { Aristarch: ServiceClientConstructor };
  };
  const client = new contract.v1.Aristarch(address, credentials.createInsecure()) as unknown as RawClient;
  const stream = client.scoreStream();
  const waiting: Waiting[] = [];
  let ended: AristarchError | undefined;
  const end = (cause: unknown): void => {
    ended ??= toEnded(address, cause);
    for (const { reject } of waiting.splice(0)) reject(ended);
  };
  stream.on('data', (response: WireScoreResponse) => waiting.shift()?.resolve(response));
  stream.on('error', end);
  stream.on('end', () => end('the server ended it'));
  return {
    score: (records) => {
      if (ended !== undefined) return Promise.reject(ended);
      const message = { records: { records: records.map(toWireRecord) } };
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        stream.write(message);
      });
    },
    close: () => {
      stream.end();
      client.close();
    },
  };
}

function toEnded(address: string, cause: unknown): AristarchError {
  const reason = toAristarchError(cause).message;
  return new AristarchError('UNAVAILABLE', `the score stream to ${address} has ended: ${reason}`, { address }, cause);
}

function toWireRecord(record: RawRecord): unknown {
  return {
    fields: Object.fromEntries(Object.entries(record).map(([name, value]) => [name, toWireValue(name, value)])),
  };
}

function toWireValue(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return { null: 'NULL_VALUE' };
  if (typeof value === 'number') return { number: value };
  if (typeof value === 'string') return { text: value };
  if (typeof value === 'boolean') return { flag: value };
  if (value instanceof Date) return { timestampMs: value.getTime() };
  const message = `field "${name}" is a ${typeof value}: a record's values are numbers, texts, flags, dates and null`;
  throw new AristarchError('INVALID_INPUT', message, { field: name });
}

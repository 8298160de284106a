import { expect } from '@jest/globals';
import { type Client, status } from '@grpc/grpc-js';
import { scrape } from '../../support/http-client.ts';
import { createListeningLog, createServeFixture } from '../../support/serve-fixture.ts';
import type { Campaign } from './campaign.ts';

export interface FuzzedServer {
  readonly grpc: string;
  readonly http: string;
  readonly atRest: NonNullable<Campaign<unknown>['atRest']>;
  /** Throws where the server has logged an error. */
  readonly checkLog: () => void;
}

/** Servers with a detector double, whose leftovers can be counted. */
export function createFuzzedServers() {
  const serve = createServeFixture();
  return async (settings: Readonly<Record<string, unknown>> = {}): Promise<FuzzedServer> => {
    const { log, lines } = createListeningLog();
    const { addresses } = await serve({ log, settings });
    return {
      ...addresses,
      atRest: async () => {
        const text = await scrape(addresses.http);
        const gauge = (name: string): number =>
          Number(new RegExp(`^aristarch_${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
        return {
          'open calls': gauge('calls_open'),
          'held bytes': gauge('calls_held_bytes'),
          'rows that wait': gauge('queue_rows'),
          // The client's ends as well as the server's.
          sockets: process.getActiveResourcesInfo().filter((kind) => /^(TCPSocket|TLS)Wrap$/.test(kind)).length,
        };
      },
      checkLog: () => expect(lines().filter(({ level }) => Number(level) >= 50)).toEqual([]),
    };
  };
}

/** What a caller may be told of a message that it made up; anything else is a fault of the server. */
export const CALLERS_FAULTS: readonly number[] = [
  ...[status.INVALID_ARGUMENT, status.NOT_FOUND, status.OUT_OF_RANGE, status.RESOURCE_EXHAUSTED],
];

/** Connects a client, so that its sockets are there before the first input. */
export function connected(client: Client): Promise<Client> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Infinity, (error) => (error ? reject(error) : resolve(client)));
  });
}

/** INVALID_ARGUMENT of 3. */
export const nameOf = (code: number): string => status[code] ?? `status ${code}`;

import { availableParallelism, cpus } from 'node:os';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type Client, credentials, makeClientConstructor, type ServiceDefinition } from '@grpc/grpc-js';
import { pino } from 'pino';
import { openDetector } from '../src/scoring/open-detector.ts';
import { openSampler } from '../src/scoring/open-sampler.ts';
import { SYSTEM_CLOCK } from '../src/server/clock.ts';
import { resolveServeConfig } from '../src/server/config.ts';
import { loadContract, SERVICE } from '../src/server/grpc/contract.ts';
import { startServing } from '../src/server/serve.ts';
import { trainedModel } from './kafka/model.ts';

const HELP = `npm run bench:tracing [-- OPTIONS]

Microseconds of CPU for a unary call, server and client in one process: traces off, on with nothing sampled, and on with every call told to
a collector (in the same process, which throws away what it gets). In turn, many rounds; medians of the differences within a round.

  --calls N    calls of a turn; 2000
  --rounds N   turns of each; 9`;

const FIELDS = 8;

interface ScoreClient extends Client {
  score(request: object, done: (error: Error | null) => void): void;
}

/** A service, and a function that makes so many calls one after the other; it answers microseconds of CPU for one. */
async function open(model: string, traces: Readonly<Record<string, unknown>>) {
  const file = { model, device: 'cpu', grpcPort: 0, httpPort: 0, ...traces };
  const onFatal = (error: Error): never => {
    throw error;
  };
  const parts = { clock: SYSTEM_CLOCK, log: pino({ level: 'silent' }), openDetector, openSampler, onFatal };
  const serving = await startServing({ ...parts, config: resolveServeConfig({ flags: {}, env: {}, file }) });
  const Scoring = makeClientConstructor(loadContract()[SERVICE] as ServiceDefinition, 'scoring');
  const client = new Scoring(serving.addresses.grpc, credentials.createInsecure()) as unknown as ScoreClient;
  const request = { dense: { width: FIELDS, values: Array.from({ length: FIELDS }, (_, field) => field / FIELDS) } };
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => client.score(request, (error) => (error ? reject(error) : resolve())));
  return {
    async turn(calls: number): Promise<number> {
      const before = process.cpuUsage();
      for (let made = 0; made < calls; made++) await call();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / calls;
    },
    async close(): Promise<void> {
      client.close();
      await serving.stop();
    },
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ calls: { type: 'string', default: '2000' }, rounds: { type: 'string', default: '9' } },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [calls, rounds] = [Number(values.calls), Number(values.rounds)];
  const model = await trainedModel(FIELDS);
  const collector = createServer((request, response) => request.resume().on('end', () => response.end('{}')));
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const traceEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const services = {
    off: await open(model, {}),
    unsampled: await open(model, { traceEndpoint, traceSampler: 'always_off' }),
    sampled: await open(model, { traceEndpoint, traceSampler: 'always_on' }),
  };
  const turns: Record<keyof typeof services, number>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const [off, unsampled, sampled] = [
      await services.off.turn(calls),
      await services.unsampled.turn(calls),
      await services.sampled.turn(calls),
    ];
    // The first one warms the code up.
    if (round > 0) turns.push({ off, unsampled, sampled });
  }
  for (const service of Object.values(services)) await service.close();
  collector.closeAllConnections();
  collector.close();
  const more = (name: 'unsampled' | 'sampled') => median(turns.map((turn) => turn[name] - turn.off)).toFixed(0);
  console.log(
    `a call, of server and client: ${median(turns.map(({ off }) => off)).toFixed(0)} us of CPU without traces; ` +
      `${more('unsampled')} us more with traces and none sampled, ${more('sampled')} us more with each sent\n` +
      `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, Node ${process.version}; medians of ${rounds} rounds of ${calls} calls`,
  );
}

await main();

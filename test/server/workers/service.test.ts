import {
  credentials,
  makeClientConstructor,
  status,
  type Client,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from '@jest/globals';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { loadContract, SERVICE, type WireScoreResponse } from '../../../src/server/grpc/contract.ts';
import type { ShownScores } from '../../../src/server/http/page/page-state.ts';
import { get, scrape } from '../../support/http-client.ts';
import { createModelFolderFixture, tinyRow, type ModelFolder } from '../../support/model-folder.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { connectionsOf, createWorkersFixture, type Service } from '../../support/worker-processes.ts';

const serve = createWorkersFixture();
const createFolder = createModelFolderFixture();
const open: Client[] = [];
afterEach(() => {
  for (const client of open.splice(0)) client.close();
});

type Done = (error: ServiceError | null, response: WireScoreResponse) => void;
type RawClient = Client &
  Readonly<Record<'score' | 'loadModel' | 'unloadModel', (request: object, done: Done) => void>>;

/** A client with a connection of its own: clients of one process would share theirs. */
function connectAlone({ grpc }: Service) {
  const Scoring = makeClientConstructor(loadContract()[SERVICE] as ServiceDefinition, 'scoring');
  const client = new Scoring(grpc, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  open.push(client);
  const ask = (method: 'score' | 'loadModel' | 'unloadModel', request: object): Promise<WireScoreResponse> =>
    new Promise((resolve, reject) =>
      (client as unknown as RawClient)[method](request, (error, response) =>
        error ? reject(error) : resolve(response),
      ),
    );
  return { ask, score: (choice: object = {}, amount = 1) => ask('score', { ...tinyRow(amount), ...choice }) };
}

const codeOf = (thrown: unknown): status => (thrown as ServiceError).code;

const CONNECTIONS = 8;
const connectMany = (service: Service) => Array.from({ length: CONNECTIONS }, () => connectAlone(service));

/** Pumps (the default model, version 2) and fans (version 7); a version's score of `tinyRow(1)` is its number. */
async function serveMany(...flags: string[]): Promise<{ service: Service; folder: ModelFolder }> {
  const folder = await createFolder();
  await folder.write('pumps', '2', 2);
  await folder.write('fans', '7', 7);
  const models = ['--models', folder.path, '--default-model', 'pumps', '--models-poll-ms', '100', '--device', 'cpu'];
  const service = await serve('--workers', '2', '--admin-calls', 'on', ...models, ...flags);
  return { service, folder };
}

async function valueOf({ http }: Service, series: string): Promise<number> {
  const line = (await scrape(http)).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? NaN : Number(line.split(' ')[1]);
}

/** The first scores that a page is told. */
async function readPage({ http }: Service): Promise<{ model: { name: string; version: string }; scores: ShownScores }> {
  const stopping = new AbortController();
  const response = await fetch(`http://${http}/events`, { signal: stopping.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (/event: scores\ndata: .*\n\n/.test(text)) break;
  }
  stopping.abort();
  const dataOf = (event: string): unknown => JSON.parse(new RegExp(`event: ${event}\ndata: (.*)\n`).exec(text)![1]!);
  return { model: dataOf('model') as { name: string; version: string }, scores: dataOf('scores') as ShownScores };
}

describe('a service of two workers', () => {
  it('scores as the library does in each of them, adds up what they count, and shows it on one page', async () => {
    const { service, folder } = await serveMany();
    expect(service.workers()).toHaveLength(2);
    const amounts = [0, 1.5, -3, 1e6, 0.1, 2 ** -20];
    const detector = await openDetector(`${folder.path}/pumps/2`, { device: 'cpu' });
    const rows = Float32Array.from(amounts.flatMap((amount) => [amount, 0, 0]));
    const expected = [...(await detector.score(rows)).scores];
    await detector.close();
    const request = { dense: { width: 3, values: [...rows] } };
    const clients = connectMany(service);
    const answers = await Promise.all(clients.flatMap(({ ask }) => [1, 2, 3, 4, 5].map(() => ask('score', request))));
    for (const { results } of answers) expect(results.map(({ score }) => score)).toEqual(expected);

    const calls = answers.length;
    const text = await scrape(service.http);
    expect(text).toContain(`aristarch_requests_total{transport="grpc",code="OK"} ${calls}\n`);
    expect(text).toContain(`aristarch_rows_scored_total{transport="grpc"} ${calls * amounts.length}\n`);
    expect(text).toContain(`aristarch_score_duration_seconds_count{transport="grpc"} ${calls}\n`);
    expect(text).toContain(`aristarch_score_duration_seconds_bucket{le="+Inf",transport="grpc"} ${calls}\n`);
    expect(text).toMatch(/^aristarch_build_info\{.*\} 1$/m);
    expect(text).toContain('aristarch_models_open 1\n');
    expect(text).toContain('aristarch_workers 2\n');
    expect(text).toContain('aristarch_worker_losses_total 0\n');

    await waitUntil('the page to have heard of all rows', async () => {
      const { model, scores } = await readPage(service);
      expect(model).toMatchObject({ name: 'pumps', version: '2' });
      return scores.rows === calls * amounts.length && scores.worst[0]?.score === 2e6 && scores.points.length > 0;
    });
    expect(await get(service.http, '/readyz')).toMatchObject({ status: 200 });
  }, 120_000);

  it('changes its models in all of them: by the folder, and by a call to one', async () => {
    const { service, folder } = await serveMany();
    const clients = connectMany(service);
    const codes = (choice: object) =>
      Promise.all(clients.map(({ score }) => score(choice).then(() => status.OK, codeOf)));
    const all = (code: status) => clients.map(() => code);
    expect(await codes({ model: 'fans' })).toEqual(all(status.OK));
    await clients[0]!.ask('unloadModel', { model: 'fans' });
    expect(await codes({ model: 'fans' })).toEqual(all(status.FAILED_PRECONDITION));
    await clients[1]!.ask('loadModel', { model: 'fans' });
    expect(await codes({ model: 'fans' })).toEqual(all(status.OK));
    await folder.write('pumps', '3', 3);
    await waitUntil('all workers to serve the new version', async () => {
      const answers = await Promise.all(clients.map(({ score }) => score()));
      return answers.every(({ modelVersion, results }) => modelVersion === '3' && results[0]!.score === 3);
    });
    await waitUntil('the page to show it', async () => (await readPage(service)).model.version === '3');
  }, 120_000);

  it('loses no call of the others, no count and no order when one is killed, and has it replaced', async () => {
    const { service } = await serveMany();
    const clients = connectMany(service);
    await clients[0]!.ask('unloadModel', { model: 'fans' });
    const before = service.workers();
    const stopping = new AbortController();
    const loops = clients.map(async ({ score }) => {
      const counts = { answered: 0, failed: 0 };
      while (!stopping.signal.aborted) {
        await score().then(
          () => counts.answered++,
          () => counts.failed++,
        );
      }
      return counts;
    });
    const counted = () => valueOf(service, 'aristarch_requests_total{transport="grpc",code="OK"}');
    const countedBefore = await waitUntil('calls to be counted', async () => {
      const count = await counted();
      return count > 100 && count;
    });
    const held = connectionsOf(before[0]!, Number(service.grpc.split(':')[1]));
    process.kill(before[0]!, 'SIGKILL');
    await waitUntil(
      'the loss to be counted',
      async () => (await valueOf(service, 'aristarch_worker_losses_total')) === 1,
    );
    expect(await counted()).toBeGreaterThanOrEqual(countedBefore);
    expect(await get(service.http, '/readyz')).toMatchObject({ status: 200 });
    await waitUntil('another worker', async () => (await valueOf(service, 'aristarch_workers')) === 2, 60_000);
    stopping.abort();
    const counts = await Promise.all(loops);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(CONNECTIONS);
    // None of the survivor's calls failed.
    expect(counts.filter(({ failed }) => failed === 0)).toHaveLength(CONNECTIONS - held);
    expect(counts.every(({ answered }) => answered > 0)).toBe(true);
    expect(service.workers()).toContain(before[1]);
    expect(service.workers()).not.toContain(before[0]);
    const codes = connectMany(service).map(({ score }) => score({ model: 'fans' }).catch(codeOf));
    expect(await Promise.all(codes)).toEqual(codes.map(() => status.FAILED_PRECONDITION));
  }, 180_000);

  it('has a lost one replaced where the default model is unloaded, too', async () => {
    const { service } = await serveMany();
    await connectAlone(service).ask('unloadModel', { model: 'pumps' });
    const [lost] = service.workers();
    process.kill(lost!, 'SIGKILL');
    await waitUntil('the loss', async () => (await valueOf(service, 'aristarch_worker_losses_total')) === 1);
    await waitUntil('another worker', async () => (await valueOf(service, 'aristarch_workers')) === 2, 60_000);
    const codes = connectMany(service).map(({ score }) => score().catch(codeOf));
    expect(await Promise.all(codes)).toEqual(codes.map(() => status.FAILED_PRECONDITION));
    expect(await valueOf(service, 'aristarch_worker_losses_total')).toBe(1);
  }, 120_000);

  it('finishes the calls in flight in all workers on SIGTERM, and leaves no process behind', async () => {
    const { service } = await serveMany();
    const clients = connectMany(service);
    await Promise.all(clients.map(({ score }) => score()));
    const workers = service.workers();
    const values = Array.from({ length: 15_000 * 3 }, (_, index) => index % 7);
    const calls = clients.map(({ ask }) => ask('score', { dense: { width: 3, values } }));
    await waitUntil(
      'calls to be in flight',
      async () =>
        (await valueOf(service, 'aristarch_requests_in_flight{transport="grpc"}')) > 0 ||
        (await Promise.race([...calls, Promise.resolve(false)])) !== false,
    );
    service.primary.kill('SIGTERM');
    const ends = await Promise.allSettled(calls);
    const kinds = ends.map((end) => (end.status === 'fulfilled' ? end.value.results.length : String(end.reason)));
    // What had not arrived yet is refused, and nothing that had is cut off.
    expect(kinds.filter((kind) => /dropped|reset|RST_STREAM|cut off|cancelled/i.test(String(kind)))).toEqual([]);
    expect(kinds).toContain(15_000);
    expect(await service.ended).toBe(0);
    expect(service.log()).not.toMatch(/"level":"error"/);
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  }, 120_000);

  it('ends with a clear message when a worker cannot be replaced', async () => {
    const folder = await createFolder();
    const model = await folder.write('pumps', '1', 1);
    const service = await serve('--workers', '2', '--model', model, '--device', 'cpu');
    await folder.writeBroken('pumps', '1');
    process.kill(service.workers()[0]!, 'SIGKILL');
    expect(await service.ended).toBe(1);
    expect(service.log()).toMatch(
      /"message":"worker \d could not be replaced \(.*score NaN.*\), as 4 before it within 300 s: the service ends/,
    );
  }, 180_000);

  it('says why it cannot start, once, as one process does', async () => {
    const { ended, log } = await serve('--workers', '2', '--model', '/nowhere', '--log-level', 'silent');
    expect(await ended).toBe(1);
    expect(log()).toMatch(/^\{"error":\{"code":"NOT_FOUND","message":".*\/nowhere.*"\}?.*\}\n$/);
  }, 120_000);
});

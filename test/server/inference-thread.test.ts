import { afterEach, describe, expect, it } from '@jest/globals';
import type { Life } from '../../src/runtime/thread/life.ts';
import { startLife } from '../../src/runtime/thread/life.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { SYSTEM_CLOCK } from '../../src/server/clock.ts';
import { resolveServeConfig } from '../../src/server/config.ts';
import { openInference } from '../../src/server/inference.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createClientFixture } from '../support/grpc-client.ts';
import { scrape } from '../support/http-client.ts';
import { createModelFolderFixture, tinyRow } from '../support/model-folder.ts';
import { createListeningLog, createServeFixture } from '../support/serve-fixture.ts';
import { waitUntil } from '../support/wait-until.ts';
import { createWorkersFixture } from '../support/worker-processes.ts';

const serve = createServeFixture();
const connect = createClientFixture();
const createFolder = createModelFolderFixture();
const serveWorkers = createWorkersFixture();

describe('a service with an inference thread', () => {
  it('answers all of its models from it, and says so, while they change and come and go', async () => {
    const folder = await createFolder();
    await folder.write('pumps', '1', 2);
    await folder.write('valves', '1', 3);
    const { log, lines } = createListeningLog();
    const settings = {
      ...{ model: undefined, models: folder.path, defaultModel: 'pumps', device: 'cpu', inference: 'worker' },
      ...{ modelsPollMs: 20, maxLoadedModels: 1 },
    };
    const { addresses } = await serve({ settings, openDetector, log });
    const client = connect(addresses.grpc);
    const scoreOf = async (model: string): Promise<number> =>
      (await client.score({ model, ...tinyRow(1) })).results[0]!.score;
    for (let round = 0; round < 3; round++) {
      expect(await Promise.all(['pumps', 'valves', 'pumps'].map(scoreOf))).toEqual([2, 3, 2]);
    }
    await folder.write('pumps', '2', 5);
    await waitUntil('the new version', async () => (await scoreOf('pumps')) === 5);
    expect(await client.describe('pumps')).toMatchObject({ inference: 'in the inference thread' });
    const text = await scrape(addresses.http);
    expect(text).toContain('aristarch_model_info{name="pumps",version="2",family="wgan-gp",inference="worker"} 1\n');
    expect(text).toContain('aristarch_inference_thread_losses_total 0\n');
    const told = lines().map(({ msg }) => String(msg));
    expect(told).toContain('inference of model "tiny": in the inference thread (as asked for)');
  });

  it('gives each worker process one of its own', async () => {
    const model = await (await createFolder()).write('pumps', '1', 1);
    const service = await serveWorkers('--workers', '2', '--model', model, '--device', 'cpu', '--inference', 'worker');
    const client = connect(service.grpc);
    expect((await client.score(tinyRow(4))).results).toMatchObject([{ score: 4 }]);
    expect(service.log().match(/in the inference thread \(as asked for\)/g)).toHaveLength(2);
    service.primary.kill('SIGTERM');
    expect(await service.ended).toBe(0);
  }, 120_000);
});

describe('the place of inference', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(() => Promise.all(closers.splice(0).map((close) => close())));

  function open(settings: object, cores: number) {
    const { log, lines } = createListeningLog();
    const metrics = createMetrics();
    const file = { model: 'models/any', ...settings };
    const lives: Life[] = [];
    const start = (): Life => {
      lives.push(startLife());
      return lives.at(-1)!;
    };
    const config = resolveServeConfig({ flags: {}, env: {}, file });
    const { inference, close } = openInference({
      config,
      log,
      clock: SYSTEM_CLOCK,
      metrics: metrics.inference,
      cores,
      start,
    });
    closers.push(() => close(Infinity));
    return { ...inference, metrics, lines, lives };
  }

  it('has a thread where there is a core for it, and says why it has none', () => {
    const absences = [
      open({ inference: 'inline' }, 8),
      open({ device: 'webgpu' }, 8),
      open({}, 1),
      open({ workers: 2 }, 3),
    ].map(({ thread }) => ('absent' in thread ? thread.absent : 'none'));
    const noCore = 'there is no second core for each process';
    expect(absences).toEqual(['inline was asked for', 'the device is webgpu', noCore, noCore]);
    for (const { thread } of [open({}, 2), open({ inference: 'worker' }, 1)])
      expect(thread).not.toHaveProperty('absent');
  });

  it('counts the threads that it loses, and says why', async () => {
    const { lives, lines, metrics } = open({ inference: 'worker' }, 2);
    await lives[0]!.end();
    await waitUntil('the replacement', () => lives.length === 2);
    expect((await metrics.render()).body).toContain('aristarch_inference_thread_losses_total 1\n');
    const msg = expect.stringMatching(/^the inference thread was lost: exit code \d; another one takes its place$/);
    expect(lines()).toMatchObject([{ level: 50, msg }]);
  });
});

import pino from 'pino';
import { createRandom } from '../../../src/base/philox.ts';
import type { DriftSummary } from '../../../src/scoring/drift/drift-monitor.ts';
import type { GroupSummary, RawRecord } from '../../../src/scoring/detector.ts';
import { SYSTEM_CLOCK, type Clock } from '../../../src/server/clock.ts';
import type { PageModel } from '../../../src/server/http/page/feed.ts';
import { createPage, type Page, type PageParts } from '../../../src/server/http/page/page.ts';
import { toShownDrift } from '../../../src/server/http/page/shown-drift.ts';
import { toShownModel } from '../../../src/server/http/page/shown-model.ts';
import { toShownModels } from '../../../src/server/http/page/shown-models.ts';
import { startHttpServer } from '../../../src/server/http/server.ts';
import type { ListedModel } from '../../../src/server/models/port.ts';
import { RecentScores } from '../../../src/server/recent-scores.ts';

/** A model whose scores of normal rows are `calibration`, ascending. */
export function createSampleModel(calibration: readonly number[], falsePositiveRate = 0.01): PageModel {
  const count = calibration.length;
  return {
    description: {
      name: 'payments',
      version: '2026-03-01.1',
      family: 'wgan-gp',
      schema: { fields: [{ name: 'amount', kind: 'number', missing: false, integer: false }], excluded: [] },
      rowWidth: 1,
      slotNames: ['amount'],
      falsePositiveRate,
      calibration: { method: 'split', count, smallestFalsePositiveRate: 1 / (count + 1) },
      trainedAt: '2026-03-01T10:00:00.000Z',
      trainingRows: 20_000,
      device: 'cpu',
      engine: 'an engine',
      hardware: { kind: 'processor', name: 'a Xeon', isIdentified: true },
    },
    thresholdAt: (rate) => calibration[count - Math.max(1, Math.floor(rate * (count + 1) + 1e-9))]!,
  };
}

/** Scores as of normal rows: skewed, around 0. */
export function drawScores(name: string, count: number): number[] {
  const numbers = new Float32Array(count);
  createRandom(11).stream(name).fillNormal(numbers, 0);
  return [...numbers].map((z) => 2 * Math.exp(0.4 * z) - 2);
}

export function publishScores(feed: RecentScores, scores: readonly number[], parts: PublishParts): void {
  const { model, recordAt, clock = SYSTEM_CLOCK } = parts;
  const { falsePositiveRate } = model.description;
  const threshold = model.thresholdAt(falsePositiveRate);
  const batch = {
    scores: Float32Array.from(scores),
    pValues: Float64Array.from(scores, (score) => (score > threshold ? 0.004 : 0.5)),
    verdicts: Uint8Array.from(scores, (score) => (score > threshold ? 1 : 0)),
    threshold,
    falsePositiveRate,
  };
  feed.publish({ transport: 'grpc', atMs: clock.wallMs(), batch, recordAt: recordAt ?? (() => ({})) });
}
interface PublishParts {
  readonly model: PageModel;
  readonly clock?: Clock;
  readonly recordAt?: (row: number) => RawRecord;
}

export interface ServedPage {
  readonly url: string;
  readonly page: Page;
  readonly feed: RecentScores;
  readonly model: PageModel;
  stop(): Promise<void>;
}

/** The page on a real port, as the server mounts it. */
export async function servePage(
  {
    drift,
    models,
    ...limits
  }: Pick<PageParts, 'maxClients' | 'intervalMs'> & {
    readonly drift?: () => DriftSummary;
    readonly models?: () => readonly ListedModel[];
  } = {},
  groups?: readonly GroupSummary[],
): Promise<ServedPage> {
  const plain = createSampleModel(drawScores('calibration', 2000).sort((a, b) => a - b));
  const { description } = plain;
  const calibration = { ...description.calibration, ...(groups && { groups }) };
  const model = { ...plain, description: { ...description, calibration } };
  const feed = new RecentScores();
  const page = createPage({
    ...{ model: toShownModel(model), feed, clock: SYSTEM_CLOCK, ...limits },
    drift: drift && (() => toShownDrift(drift())),
    models: models && (() => toShownModels(models())),
  });
  const server = await startHttpServer({
    ...{ host: '127.0.0.1', port: 0, routes: {}, openFiles: Infinity, log: pino({ level: 'silent' }) },
    otherwise: (request, response) => page.handle(request, response),
  });
  const stop = async (): Promise<void> => {
    page.close();
    await server.stop();
  };
  return { url: `http://127.0.0.1:${server.port}`, page, feed, model, stop };
}

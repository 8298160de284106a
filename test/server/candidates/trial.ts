import { Metadata } from '@grpc/grpc-js';
import type { Detector } from '../../../src/scoring/detector.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { positionOf } from '../../../src/server/candidates/position.ts';
import type { ServeParts } from '../../../src/server/serve.ts';
import { createClientFixture } from '../../support/grpc-client.ts';
import { scrape } from '../../support/http-client.ts';
import { createModelFolderFixture, tinyRow } from '../../support/model-folder.ts';
import { createServeFixture } from '../../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();
export const createFolder = createModelFolderFixture();

interface Options {
  readonly candidate: object;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Called before version 2 scores, once it has passed its self-test. */
  readonly before?: () => void | Promise<void>;
  readonly breaks?: boolean;
}

/** Pumps, served in version 1 (a row's score is its amount) with version 2 (twice that) on trial; version 2 is open. */
export async function serveTrial({ candidate, settings = {}, before, breaks = false }: Options) {
  const folder = await createFolder();
  await folder.write('pumps', '1', 1);
  if (breaks) await folder.writeBroken('pumps', '2');
  else await folder.write('pumps', '2', 2);
  await folder.rule('pumps', { version: '1', candidate });
  const trial = { on: false };
  const serving = await serve({
    openDetector: interceptSecond(() => (trial.on ? before?.() : undefined)),
    settings: { model: undefined, models: folder.path, device: 'cpu', modelsPollMs: 0, adminCalls: true, ...settings },
  });
  const client = connect(serving.addresses.grpc);
  if (!breaks) await client.score({ ...tinyRow(0), modelVersion: '2' });
  trial.on = true;
  const count = async (name: string, labels = ''): Promise<number> => {
    const text = await scrape(serving.addresses.http);
    const line = text
      .split('\n')
      .find((each) => each.startsWith(`aristarch_candidate_${name}{model="pumps"${labels}}`));
    return line === undefined ? 0 : Number(line.split(' ').at(-1));
  };
  const compared = async (): Promise<number> => {
    const lines = (await scrape(serving.addresses.http)).matchAll(
      /^aristarch_candidate_rows_compared_total\{.*\} (\d+)$/gm,
    );
    return [...lines].reduce((sum, [, rows]) => sum + Number(rows), 0);
  };
  return { folder, client, count, compared, serving };
}

function interceptSecond(before: () => void | Promise<void>): ServeParts['openDetector'] {
  return async (folder, options): Promise<Detector> => {
    const detector = await openDetector(folder, options);
    if (!folder.endsWith('/2')) return detector;
    return {
      ...detector,
      scoreNow: undefined,
      score: async (rows, scoreOptions) => {
        await before();
        return detector.score(rows, scoreOptions);
      },
    };
  };
}

export const record = (machine: string, amount = 1) => ({
  fields: { machine: { text: machine }, amount: { number: amount }, colour: { text: 'red' }, paid: { flag: false } },
});
export const named = (...records: unknown[]) => ({ records: { records } });
export const withKey = (key: string): Metadata => {
  const metadata = new Metadata();
  metadata.set('aristarch-key', key);
  return metadata;
};
export const machines = Array.from({ length: 40 }, (_, index) => `m${index}`);
export const onTrial = (key: string, share: number): boolean => positionOf('pumps', key) < share;

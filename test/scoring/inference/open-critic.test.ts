import { afterEach, describe, expect, it } from '@jest/globals';
import { cp, rm } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Detector } from '../../../src/scoring/detector.ts';
import { INLINE, type Inference, type InferenceMode } from '../../../src/scoring/inference/inference.ts';
import { createRowPrograms } from '../../../src/scoring/inference/row-programs.ts';
import { openDetector } from '../../../src/scoring/open-detector.ts';
import { type InferenceThread, startInferenceThread } from '../../../src/runtime/thread/inference-thread.ts';
import type { Life } from '../../../src/runtime/thread/life.ts';
import { useDataFolder } from '../../support/data-files.ts';
import { type LosableLife, startLosableLife } from '../../support/losable-life.ts';
import { normalOrders, useTinyModel } from '../../support/train-tiny.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';
import { waitUntil } from '../../support/wait-until.ts';

const data = useDataFolder();
const trained = useTinyModel();
const [threads, detectors]: [InferenceThread[], Detector[]] = [[], []];
let models = 0;
afterEach(async () => {
  await Promise.all(detectors.splice(0).map((detector) => detector.close()));
  await Promise.all(threads.splice(0).map((thread) => thread.close()));
});

/** A real thread, to which handing over seems to take so many milliseconds. */
async function open(mode: InferenceMode, handoverMs?: number, given?: string) {
  const lives: LosableLife[] = [];
  const losses: string[] = [];
  let isFull = false;
  const start = (): Life => {
    if (isFull) throw new Error('no more threads');
    lives.push(startLosableLife());
    return lives.at(-1)!;
  };
  const thread = startInferenceThread({ onLoss: (reason) => losses.push(reason), start });
  threads.push(thread);
  const told: string[] = [];
  const seeming = handoverMs === undefined ? {} : { handoverMs: () => Promise.resolve(handoverMs) };
  const inference: Inference = { mode, thread: { ...thread, ...seeming }, tell: (message) => told.push(message) };
  const folder = given ?? (await writeTinyModel(data.path(`model-${++models}`)));
  const detector = await openDetector(folder, { device: 'cpu', inference });
  detectors.push(detector);
  const lose: LosableLife['lose'] = (meanwhile) => lives.at(-1)!.lose(meanwhile);
  return { detector, told, losses, lose, refuse: () => (isFull = true) };
}

const ROWS = Float32Array.from({ length: 3 * 1001 }, (_, index) => Math.fround(Math.cos(index) * 7));
const bytesOf = async (detector: Detector, rows = ROWS): Promise<string> =>
  Buffer.from((await detector.score(rows)).scores.slice().buffer).toString('hex');

describe('a detector', () => {
  it('scores to the same bytes wherever it is computed, and says where that is', async () => {
    const [inline, worker, split] = [await open('inline'), await open('worker'), await open('auto', 0.005)];
    const expected = await bytesOf(inline.detector);
    for (const { detector } of [worker, split]) {
      expect(await bytesOf(detector)).toBe(expected);
      expect(await bytesOf(detector, ROWS.subarray(0, 3))).toBe(expected.slice(0, 8));
    }
    expect(inline.detector.description.inlineRows).toBeUndefined();
    expect(worker.detector.description.inlineRows).toBe(0);
    expect(inline.told).toEqual(['inference of model "tiny": inline (as asked for)']);
    expect(worker.told).toEqual(['inference of model "tiny": in the inference thread (as asked for)']);
    expect(split.told).toHaveLength(1);
    expect(split.told[0]).toMatch(
      /a call costs .* us and each row .* us, handing over 5\.0 us: worth it from 50\.0 us on/,
    );
  });

  it('is computed inline by auto where handing over costs much, and elsewhere where it costs nothing', async () => {
    const [dear, free] = [await open('auto', 1e6), await open('auto', 0)];
    expect(dear.detector.description.inlineRows ?? Infinity).toBeGreaterThan(1e6);
    expect(free.detector.description.inlineRows).toBe(0);
    expect(dear.detector.scoreNow!(ROWS.subarray(0, 3)).scores).toHaveLength(1);
    expect((await free.detector.score(ROWS)).scores).toHaveLength(1001);
  });

  it('of a thread that is lost fails what was handed over, and goes on', async () => {
    for (const { detector, losses, lose } of [await open('worker'), await open('auto', 0)]) {
      const expected = await bytesOf(detector);
      let failed: Promise<void> | undefined;
      await lose(async () => {
        failed = expect(detector.score(ROWS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
        await nextTurn();
      });
      await failed;
      expect(losses).toHaveLength(1);
      expect(await bytesOf(detector)).toBe(expected);
    }
  });

  it('is computed inline by auto where no thread can be had', async () => {
    const start = (): Life => {
      throw new Error('no more threads');
    };
    const thread = startInferenceThread({ onLoss: () => undefined, start });
    threads.push(thread);
    const told: string[] = [];
    const inference: Inference = { mode: 'auto', thread, tell: (message) => told.push(message) };
    const detector = await openDetector(await writeTinyModel(data.path('model-full')), { device: 'cpu', inference });
    detectors.push(detector);
    expect(detector.description.inlineRows ?? Infinity).toBe(Infinity);
    expect((await detector.score(ROWS)).scores).toHaveLength(1001);
    expect(told).toEqual([expect.stringContaining('no more threads')]);
  });

  it('goes on inline where no other thread can be had, and says so once', async () => {
    const { detector, told, losses, lose, refuse } = await open('auto', 0);
    const expected = await bytesOf(detector);
    refuse();
    await lose();
    await waitUntil('the loss', () => losses.length >= 2);
    expect([await bytesOf(detector), await bytesOf(detector)]).toEqual([expected, expected]);
    expect(told.filter((line) => line.includes('done inline for now'))).toHaveLength(1);
  });

  it('does not compute inline what may have ended two threads', async () => {
    const { detector, losses, lose } = await open('auto', 0);
    await lose();
    await waitUntil('the replacement', () => losses.length === 1);
    await lose();
    await waitUntil('its loss', () => losses.length === 2);
    await expect(detector.score(ROWS)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each(['worker', 'auto'] as const)('goes on in another thread though its files are gone (%s)', async (mode) => {
    const folder = data.path(`gone-${mode}`);
    await cp(trained().folder, folder, { recursive: true });
    const { detector, losses, lose } = await open(mode, 0, folder);
    const [scores, reasons] = [await detector.score(normalOrders(64, 6)), await detector.explain(normalOrders(2, 5))];
    await rm(folder, { recursive: true });
    await lose();
    await waitUntil('the loss', () => losses.length === 1);
    expect((await detector.score(normalOrders(64, 6))).scores).toEqual(scores.scores);
    expect(await detector.explain(normalOrders(2, 5))).toEqual(reasons);
  });

  it('explains alike wherever it is computed', async () => {
    const opened = [await open('inline', 0, trained().folder), await open('auto', 0, trained().folder)];
    const [here, there] = await Promise.all(opened.map(({ detector }) => detector.explain(normalOrders(3, 5))));
    expect(there).toEqual(here);
    await opened[1]!.lose();
    expect(await opened[1]!.detector.explain(normalOrders(3, 5))).toEqual(here);
  });

  it('of a table gets a row program once rows came alone, from its files; where they are gone it goes on without', async () => {
    for (const areGone of [false, true]) {
      const folder = data.path(`alone-${areGone}`);
      await cp(trained().folder, folder, { recursive: true });
      const told: string[] = [];
      const inference = { ...INLINE, rowPrograms: createRowPrograms(2), tell: (line: string) => void told.push(line) };
      const detector = await openDetector(folder, { device: 'cpu', inference });
      detectors.push(detector);
      expect(told).toHaveLength(1);
      if (areGone) await rm(folder, { recursive: true });
      const row = detector.encode(normalOrders(1, 6));
      const scoreOf = (): number => detector.scoreNow!(row).scores[0]!;
      const before = [scoreOf(), scoreOf()];
      await waitUntil('what comes of the row program', () => told.length > 1);
      expect(told[1]).toMatch(areGone ? /no row program: .*critic.onnx is missing/ : /row program/);
      if (process.arch === 'x64') expect(told[1]).not.toContain('its bits are others');
      expect([scoreOf(), scoreOf()]).toEqual(before);
    }
  });

  it('is refused a thread where there is none', async () => {
    const folder = await writeTinyModel(data.path('model-none'));
    const inference: Inference = { mode: 'worker', thread: { absent: 'it rains' }, tell: () => undefined };
    const opening = openDetector(folder, { device: 'cpu', inference });
    await expect(opening).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('it rains'),
    });
  });
});

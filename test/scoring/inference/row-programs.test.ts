import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRowPrograms } from '../../../src/scoring/inference/row-programs.ts';
import {
  A,
  AFTER,
  B,
  BOUNDED as model,
  callAlone,
  open,
  type Opened,
  openSlow,
  scores,
  turnsByHand,
} from '../../support/single-rows.ts';

const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('a row program', () => {
  it('is not begun before so many rows came alone', async () => {
    const turns = turnsByHand();
    const { session, reads } = open(await openSlow(model), model, createRowPrograms(AFTER, turns.later));
    for (let call = 0; call < AFTER; call++) scores(session, ...A, ...B);
    callAlone(session, AFTER - 1);
    await nextTurn();
    expect([reads(), turns.waiting.length]).toEqual([0, 0]);
    callAlone(session, 1);
    await nextTurn();
    expect([reads(), turns.waiting.length]).toEqual([1, 1]);
    await session.close();
  });

  it('is made once, in turns in which the session is run once at most, while scores stay the same to the bit', async () => {
    const slow = await openSlow(model);
    const turns = turnsByHand();
    const { session, told, reads } = open(slow, model, createRowPrograms(AFTER, turns.later));
    const seen = new Set(callAlone(session));
    await nextTurn();
    const runsOfTurns: number[][] = [];
    while (told.length === 0) {
      slow.runs.length = 0;
      await turns.take();
      runsOfTurns.push([...slow.runs]);
      seen.add(scores(session, ...A)[0]!);
    }
    expect([...seen]).toEqual([scores(session, ...A, ...B)[0]]);
    expect(Math.max(...runsOfTurns.map((runs) => runs.length))).toBe(1);
    expect(Math.max(...runsOfTurns.flat())).toBeLessThanOrEqual(4);
    expect(runsOfTurns.length).toBeGreaterThan(2 * runsOfTurns.filter((runs) => runs.length > 0).length);
    callAlone(session, 2 * AFTER);
    await nextTurn();
    expect([reads(), turns.waiting.length, told.length]).toEqual([1, 0, 1]);
    await session.close();
  });

  it('is given up when its model is closed, at whatever turn, and the next model gets one', async () => {
    const turns = turnsByHand();
    const rowPrograms = createRowPrograms(AFTER, turns.later);
    /** Turns that were taken until it was made, or until so many. */
    const makeUntil = async ({ session, told }: Opened, most: number): Promise<number> => {
      callAlone(session);
      await nextTurn();
      let taken = 0;
      for (; taken < most && told.length === 0; taken++) await turns.take();
      return taken;
    };
    const whole = open(await openSlow(model), model, rowPrograms);
    const all = await makeUntil(whole, Infinity);
    await whole.session.close();
    for (const share of [0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]) {
      const slow = await openSlow(model);
      const opened = open(slow, model, rowPrograms);
      await makeUntil(opened, Math.floor(share * (all - 1)));
      await opened.session.close();
      slow.runs.length = 0;
      await turns.take();
      expect([slow.runs, opened.told, turns.waiting]).toEqual([[], [], []]);
    }
    const last = open(await openSlow(model), model, rowPrograms);
    await makeUntil(last, Infinity);
    expect(last.told).toEqual([expect.stringContaining('by its row program')]);
    await last.session.close();
  });

  it('waits until the one before is made, or has failed', async () => {
    const turns = turnsByHand();
    const rowPrograms = createRowPrograms(AFTER, turns.later);
    const failing = { read: () => Promise.reject(new Error('no such file')) };
    const [first, second, third] = [
      open(await openSlow(model), model, rowPrograms),
      open(await openSlow(model), model, rowPrograms, failing),
      open(await openSlow(model), model, rowPrograms),
    ];
    for (const { session } of [third, first, second]) callAlone(session);
    await nextTurn();
    while (third.told.length === 0) {
      expect([first.reads(), turns.waiting.length]).toEqual([0, 1]);
      await turns.take();
    }
    while (first.told.length === 0) await turns.take();
    await nextTurn();
    expect(second.told).toEqual(['no row program: no such file']);
    for (const { session } of [first, second, third]) await session.close();
  });

  it('is not read for where the model was closed while it waited for the one before', async () => {
    const turns = turnsByHand();
    const rowPrograms = createRowPrograms(AFTER, turns.later);
    const [first, second] = [
      open(await openSlow(model), model, rowPrograms),
      open(await openSlow(model), model, rowPrograms),
    ];
    for (const { session } of [first, second]) callAlone(session);
    await second.session.close();
    while (first.told.length === 0) {
      await nextTurn();
      await turns.take();
    }
    await nextTurn();
    expect([second.reads(), second.told, turns.waiting.length]).toEqual([0, [], 0]);
    await first.session.close();
  });
});

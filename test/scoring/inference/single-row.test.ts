import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { cos, exp } from '../../../src/graph/operations.ts';
import { ROWS_INPUT, SCORES_OUTPUT } from '../../../src/models/scoring-graph.ts';
import type { NamedArrays, Session } from '../../../src/runtime/executor.ts';
import { createRowPrograms } from '../../../src/scoring/inference/row-programs.ts';
import type { SingleRowParts } from '../../../src/scoring/inference/single-row.ts';
import {
  A,
  AFTER,
  B,
  BOUNDED as model,
  callAlone,
  type Counted,
  modelOf,
  open,
  type Opened,
  openSlow,
  scores,
  turnsByHand,
  WIDTH,
} from '../../support/single-rows.ts';

/** A session that was called alone often enough, and what came of it. */
async function settled(slow: Session, onnx: Uint8Array, other?: Partial<SingleRowParts>): Promise<Opened> {
  const turns = turnsByHand();
  const opened = open(slow, onnx, createRowPrograms(AFTER, turns.later), other);
  callAlone(opened.session);
  await nextTurn();
  while (opened.told.length === 0) await turns.take();
  return opened;
}

const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('a row that comes alone', () => {
  it('is computed by the program, several together by the session, and to the same bits', async () => {
    const slow = await openSlow(model);
    const { session, told } = await settled(slow, model);
    expect(told).toEqual([
      expect.stringContaining('a row that comes alone is computed by its row program from now on'),
    ]);
    slow.runs.length = 0;
    const alone = [scores(session, ...A), scores(session, ...B)].flat();
    expect(slow.runs).toEqual([]);
    expect(scores(session, ...A, ...B)).toEqual(alone);
    expect(slow.runs).toEqual([2]);
    await session.close();
  });

  it('gives answers that stay when the next one comes', async () => {
    const { session } = await settled(await openSlow(model), model);
    const feeds = { [ROWS_INPUT]: { data: Float32Array.from(A), shape: [1, WIDTH] } };
    const first = session.runNow!(feeds)[SCORES_OUTPUT]!.data;
    const before = [...first];
    scores(session, ...B);
    expect([...first]).toEqual(before);
    await session.close();
  });

  it('goes through the session where the program is not sure of it', async () => {
    const unbounded = modelOf(cos);
    const slow = await openSlow(unbounded);
    const { session } = await settled(slow, unbounded);
    slow.runs.length = 0;
    const [large] = scores(session, 1e6, 2, 3, 4);
    expect(slow.runs).toEqual([1]);
    expect(scores(session, 1e6, 2, 3, 4, ...A)[0]).toBe(large);
    await session.close();
  });

  it('goes through the session where one score of those that are tried differs in its last bit', async () => {
    const nudged = (values: Float32Array): Float32Array => {
      const bits = new Uint32Array(values.slice().buffer);
      if (bits.length > 3) bits[3]!++;
      return new Float32Array(bits.buffer);
    };
    const slow = await openSlow(model, nudged);
    const { session, told } = await settled(slow, model);
    expect(told).toEqual(['no row program: its bits are others']);
    await expectBySession(slow, session);
  });

  it('goes through the session where the rows that are tried tell too little', async () => {
    const slow = await openSlow(model);
    const alike = Array.from({ length: 40 }, () => new Float32Array(WIDTH).fill(0.5));
    const { session, told } = await settled(slow, model, { trialRows: () => alike });
    expect(told).toEqual(['no row program: the rows tried have 1 different scores, too few to go by']);
    await expectBySession(slow, session);
  });

  it('goes through the session where the model has an operator whose bits are not known', async () => {
    const other = modelOf(exp);
    const slow = await openSlow(other);
    const { session, told } = await settled(slow, other);
    expect(told).toEqual(['no row program: exp']);
    await expectBySession(slow, session);
  });

  it('goes through the session where that fails at the rows that are tried', async () => {
    const slow = await openSlow(model);
    const runNow = (feeds: NamedArrays): NamedArrays => {
      if (feeds[ROWS_INPUT]!.shape[0]! > 1) throw new Error('no such rows');
      return slow.runNow!(feeds);
    };
    const { session, told } = await settled({ ...slow, runNow }, model);
    expect(told).toEqual(['no row program: no such rows']);
    await expectBySession(slow, session);
  });

  it('goes through the session where the file is gone by then', async () => {
    const slow = await openSlow(model);
    const { session, told } = await settled(slow, model, { read: () => Promise.reject(new Error('no such file')) });
    expect(told).toEqual(['no row program: no such file']);
    await expectBySession(slow, session);
  });
});

async function expectBySession(slow: Counted, session: Session): Promise<void> {
  slow.runs.length = 0;
  callAlone(session, 2 * AFTER);
  expect(slow.runs).toEqual(Array<number>(2 * AFTER).fill(1));
  await session.close();
}

describe('a session that does not run before it returns', () => {
  it('is left as it is', () => {
    const session: Session = { run: () => Promise.reject(new Error('not here')), close: () => Promise.resolve() };
    expect(open(session, model, createRowPrograms(AFTER)).session).toBe(session);
  });
});

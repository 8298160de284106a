import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { LateWork } from '../../src/server/grpc/late-work.ts';
import { SILENT } from '../support/serve-fixture.ts';

describe('what a call leaves to be done', () => {
  it('is done after what the answer has written, and before anything else is read', async () => {
    const [late, order] = [new LateWork(SILENT), [] as string[]];
    late.add(() => order.push('late'));
    late.answered();
    process.nextTick(() => order.push('written'));
    // The stream is over before this returns.
    late.end();
    late.doSoon();
    expect(order).toEqual([]);
    await nextTurn();
    expect(order).toEqual(['written', 'late']);
    late.add(() => order.push('too late'));
    expect(order.at(-1)).toBe('too late');
  });

  it('is done at once where nobody waits any longer, and is not done twice', () => {
    const [late, order] = [new LateWork(SILENT), [] as string[]];
    late.add(() => order.push('late'));
    late.end();
    late.end();
    expect(order).toEqual(['late']);
  });

  it('ends nothing by its faults, which are logged', () => {
    const faults: unknown[] = [];
    const late = new LateWork({ error: ({ err }: { err: unknown }) => faults.push(err) } as unknown as Logger);
    const fault = new Error('it cannot be counted');
    let others = 0;
    late.add(() => {
      throw fault;
    });
    late.add(() => others++);
    late.end();
    expect([faults, others]).toEqual([[fault], 1]);
  });
});

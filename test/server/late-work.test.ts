import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { type CallContext, createHandlers, type HandlersParts } from '../../src/server/grpc/handlers.ts';
import { LateWork } from '../../src/server/grpc/late-work.ts';
import type { ScoreJob } from '../../src/server/scoring-service.ts';
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

it('reaches the service with each call, and with each message of a stream', async () => {
  const works: (() => void)[] = [];
  const service = {
    admit: (_: string, parse: () => unknown) => parse(),
    score: ({ afterwards }: ScoreJob) => {
      afterwards?.(() => undefined);
      return Promise.resolve({});
    },
  };
  const { score, scoreStream } = createHandlers({ service, limits: { maxTextBytes: 100 } } as unknown as HandlersParts);
  const afterwards = (work: () => void): void => void works.push(work);
  const call = { afterwards, countRows: () => undefined, countRequest: () => undefined, askAgain: () => undefined };
  const message = { dense: { values: new Float32Array(3), width: 3 }, model: '', modelVersion: '', requestId: '' };
  const received = { message } as never;
  await score(received, call as unknown as CallContext);
  expect(works).toHaveLength(1);
  const requests = Readable.from([received, received]);
  for await (const reply of scoreStream(requests, call as unknown as CallContext)) expect(reply).toBeDefined();
  expect(works).toHaveLength(3);
});

import { expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { Caller } from '../../../src/server/grpc/access.ts';
import { type CallContext, createHandlers, type HandlersParts } from '../../../src/server/grpc/handlers.ts';

it('is asked who it is again between the pieces of a sample', async () => {
  let holds = true;
  const principal = { name: 'orders', roles: ['score'] as const, holds: () => holds };
  const gone = new AristarchError('UNAUTHENTICATED', 'it is gone');
  const caller = new Caller(principal, () => Promise.reject(gone));
  const sampling = {
    sample: async function* () {
      for (let firstRow = 0; ; firstRow++)
        yield await Promise.resolve({ records: [], firstRow, model: 'm', modelVersion: '' });
    },
  };
  const { sample } = createHandlers({ sampling } as unknown as HandlersParts);
  const pieces = sample({ message: {} } as never, { askAgain: () => caller.askAgain() } as CallContext);
  expect((await pieces.next()).done).toBe(false);
  expect((await pieces.next()).done).toBe(false);
  holds = false;
  await expect(pieces.next()).rejects.toBe(gone);
});

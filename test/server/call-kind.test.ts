import { describe, expect, it } from '@jest/globals';
import { createCallKind } from '../../src/server/grpc/call-kind.ts';
import type { QuickMethod, QuickParts } from '../../src/server/grpc/quick-call.ts';

/** Before a call are others, that take so many milliseconds; whether it is refused by its headers, with so many left. */
function isRefused(priority: string | undefined, aheadMs: number, timeoutMs: number): boolean {
  const shed: unknown[] = [];
  const parts = {
    security: {},
    held: { admits: () => true },
    onShed: (transport: unknown) => shed.push(transport),
    shedding: {
      waitedMs: () => 0,
      refusalOf: (remainingMs: number, share = 0.5) =>
        aheadMs > share * remainingMs ? { 'grpc-status': 8 } : undefined,
    },
  } as unknown as QuickParts;
  const headers = priority === undefined ? {} : { 'aristarch-priority': priority };
  const kind = createCallKind(headers, { path: '/a/B', transport: 'grpc' } as QuickMethod, parts);
  const refusal = kind.refusalOf(timeoutMs);
  expect(shed).toEqual(refusal === undefined ? [] : ['grpc']);
  return refusal !== undefined;
}

describe('a call under overload', () => {
  it('is refused sooner with low priority than with none, and left to the batcher with high', () => {
    const answers = ['high', undefined, 'normal', 'low'].map((priority) =>
      [20, 40, 60].map((aheadMs) => isRefused(priority, aheadMs, 100)),
    );
    expect(answers).toEqual([
      [false, false, false],
      [false, false, true],
      [false, false, true],
      [false, true, true],
    ]);
  });
});

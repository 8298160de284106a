import { expect, it } from '@jest/globals';
import { createHeldBytes, keepPiece } from '../../src/server/grpc/held-bytes.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { createListeningLog } from '../support/serve-fixture.ts';

it('what is kept of a message is the piece by itself where it is a small part of what was read, else as it came', () => {
  const read = Buffer.alloc(65_536, 7);
  const small = keepPiece(read.subarray(100, 200));
  expect(small).toEqual(Buffer.alloc(100, 7));
  expect(small.buffer.byteLength).toBe(100);
  const large = read.subarray(0, 40_000);
  expect(keepPiece(large)).toBe(large);
});

it('refusals for want of room are counted, and told once a minute', async () => {
  const metrics = createMetrics();
  const { log, lines } = createListeningLog();
  let nowMs = 0;
  const held = createHeldBytes(1, () => nowMs, log, metrics);
  held.take(2 ** 28);
  expect([held.admits(), held.take(1)]).toEqual([false, false]);
  expect(lines()).toHaveLength(1);
  nowMs = 60_000;
  held.admits();
  expect(lines()).toHaveLength(2);
  expect(await metrics.registry.metrics()).toContain('rejections_total{reason="held_bytes"} 3');
});

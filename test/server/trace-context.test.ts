import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { traceIdOf } from '../../src/server/trace-context.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { createServeFixture } from '../support/serve-fixture.ts';

const serve = createServeFixture();
const connect = createClientFixture();

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('the trace of a caller', () => {
  it('is read as W3C Trace Context has it', () => {
    expect(traceIdOf(`00-${TRACE}-00f067aa0ba902b7-01`)).toBe(TRACE);
    // A later version may have more behind the flags.
    expect(traceIdOf(`cc-${TRACE}-00f067aa0ba902b7-01-what the future brings`)).toBe(TRACE);
    for (const none of [
      undefined,
      '',
      TRACE,
      `ff-${TRACE}-00f067aa0ba902b7-01`,
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `00-${TRACE}-${'0'.repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
      `00-${TRACE}-00f067aa0ba902b7-01"} 1`,
    ])
      expect(traceIdOf(none)).toBeUndefined();
  });

  it('is the exemplar of its request in /metrics, and of no other', async () => {
    const { addresses } = await serve();
    const client = connect(addresses.grpc);
    const scrape = async (): Promise<string> => {
      const headers = { accept: 'application/openmetrics-text; version=1.0.0', connection: 'close' };
      return (await fetch(`http://${addresses.http}/metrics`, { headers })).text();
    };
    await client.score(dense(1));
    expect(await scrape()).not.toContain('trace_id');
    const metadata = new Metadata();
    metadata.set('traceparent', `00-${TRACE}-00f067aa0ba902b7-01`);
    await new Promise<void>((resolve, reject) => {
      client.raw.score(dense(1), metadata, {}, (error) => (error ? reject(error) : resolve()));
    });
    expect(await scrape()).toMatch(
      new RegExp(
        `^aristarch_score_duration_seconds_bucket\\{.*\\} \\d+ # \\{trace_id="${TRACE}"\\} [\\d.e-]+ [\\d.]+$`,
        'm',
      ),
    );
  });
});

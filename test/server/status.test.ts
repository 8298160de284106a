import { status as GRPC } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { AristarchError, ERROR_CODES } from '../../src/base/errors.ts';
import { GRPC_STATUS, toWireStatus } from '../../src/server/grpc/status.ts';

describe('the table of gRPC statuses', () => {
  it('has a status that gRPC knows for every code, and is pinned', () => {
    expect(Object.keys(GRPC_STATUS).sort()).toEqual(Object.keys(ERROR_CODES).sort());
    for (const name of Object.values(GRPC_STATUS)) expect(GRPC[name]).toBeGreaterThan(0);
    expect(GRPC_STATUS).toMatchInlineSnapshot(`
      {
        "ARTEFACT_INVALID": "FAILED_PRECONDITION",
        "CANCELLED": "CANCELLED",
        "DATA_UNREADABLE": "FAILED_PRECONDITION",
        "DEADLINE_EXCEEDED": "DEADLINE_EXCEEDED",
        "DEVICE_UNAVAILABLE": "FAILED_PRECONDITION",
        "INTERNAL": "INTERNAL",
        "INVALID_INPUT": "INVALID_ARGUMENT",
        "NOT_FOUND": "NOT_FOUND",
        "PERMISSION_DENIED": "PERMISSION_DENIED",
        "PRECONDITION_FAILED": "FAILED_PRECONDITION",
        "RATE_UNSUPPORTED": "OUT_OF_RANGE",
        "RESOURCE_EXHAUSTED": "RESOURCE_EXHAUSTED",
        "SCHEMA_MISMATCH": "INVALID_ARGUMENT",
        "TRAINING_DIVERGED": "ABORTED",
        "UNAUTHENTICATED": "UNAUTHENTICATED",
        "UNAVAILABLE": "UNAVAILABLE",
      }
    `);
  });
});

describe('an error on the wire', () => {
  it.each(Object.entries(GRPC_STATUS))('%s becomes %s, with message, code and data', (code, name) => {
    const error = new AristarchError(code as keyof typeof GRPC_STATUS, 'what is wrong', { value: 7 });
    const { code: answered, details, metadata } = toWireStatus(error);
    expect([answered, details]).toEqual([name, 'what is wrong']);
    expect(metadata['aristarch-code']).toBe(code);
    expect(JSON.parse(String(metadata['aristarch-data-bin']))).toEqual({ value: 7 });
  });

  it('is INTERNAL when it is none of ours', () => {
    expect(toWireStatus(new TypeError('x is undefined'))).toMatchObject({
      code: 'INTERNAL',
      details: 'x is undefined',
    });
  });

  it('fits into the headers of HTTP/2, however long it is', () => {
    const { details, metadata } = toWireStatus(
      new AristarchError('NOT_FOUND', 'x'.repeat(1e6), { name: 'y'.repeat(1e6) }),
    );
    expect(details.length).toBeLessThan(1100);
    expect(metadata).toEqual({ 'aristarch-code': 'NOT_FOUND' });
  });

  it('can be percent-encoded, whatever text is quoted in it', () => {
    const { details } = toWireStatus(new AristarchError('NOT_FOUND', 'model "\ud800\u00e9\u{1f600}"'));
    expect(details).toBe('model "\ufffd\u00e9\u{1f600}"');
    expect(() => encodeURI(details)).not.toThrow();
  });

  it('is not cut in the middle of a character', () => {
    const { details } = toWireStatus(new AristarchError('NOT_FOUND', `${'x'.repeat(999)}\u{1f600}${'y'.repeat(50)}`));
    expect(() => encodeURI(details)).not.toThrow();
  });
});

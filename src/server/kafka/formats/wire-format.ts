import { AristarchError } from '../../../base/errors.ts';

const HEADER_BYTES = 5;

/** The wire format of Confluent's serialisers: a zero byte, the schema's id in four bytes (big endian), then the value. */
export function splitWireFormat(bytes: Buffer): { readonly schemaId: number; readonly rest: Buffer } {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0) {
    throw new AristarchError(
      'INVALID_INPUT',
      'the event does not begin with a zero byte and the id of a schema: send it by a serialiser of the schema registry',
    );
  }
  return { schemaId: bytes.readUInt32BE(1), rest: bytes.subarray(HEADER_BYTES) };
}

/** The other way round. */
export function joinWireFormat(schemaId: number, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + value.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(schemaId, 1);
  bytes.set(value, HEADER_BYTES);
  return bytes;
}

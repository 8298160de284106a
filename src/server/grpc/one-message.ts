import { PREFIX_BYTES } from './call-stream.ts';
import { status } from './engine.ts';
import type { Refusal } from './trailers-only.ts';

/** Why what came is not the one message of a unary call, not compressed. */
export function faultOf(frame: Buffer, path: string): Refusal | undefined {
  const whole = frame.length >= PREFIX_BYTES ? PREFIX_BYTES + frame.readUInt32BE(1) : Infinity;
  if (frame.length === whole && frame[0] === 0) return undefined;
  if (frame.length < whole) return { code: status.UNIMPLEMENTED, details: `${path} wants one whole message` };
  if (frame.length > whole) return { code: status.UNIMPLEMENTED, details: `${path} wants one message, and more came` };
  return { code: status.INTERNAL, details: 'the message is compressed, and no grpc-encoding says how' };
}

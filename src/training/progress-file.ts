import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AristarchError } from '../base/errors.ts';
import type { TaskProgress } from './steps/run-task.ts';

/** A file of a checkpoint that cannot be read. */
export function damaged(path: string, cause: unknown): AristarchError {
  const message = `the checkpoint ${path} is damaged: start without --resume, which removes it`;
  return new AristarchError('ARTEFACT_INVALID', message, { path }, cause);
}

const headerSchema = z.strictObject({
  stepsDone: z.number().int().nonnegative(),
  rateFactor: z.number().positive(),
  rollbacks: z.array(z.strictObject({ step: z.number(), reason: z.string() })),
  history: z.record(z.string(), z.array(z.number())),
  variables: z.array(z.strictObject({ name: z.string(), length: z.number().int() })),
});

const HASH_BYTES = 32;

/** Length of the header (4 bytes, little-endian), header as JSON, the variables' float32 values, SHA-256 of all before. */
export function encodeProgress({ state, ...rest }: TaskProgress): Uint8Array {
  const variables = Object.entries(state).map(([name, { length }]) => ({ name, length }));
  const header = Buffer.from(JSON.stringify({ ...rest, variables }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const content = Buffer.concat([length, header, ...Object.values(state).map(bytesOf)]);
  return Buffer.concat([content, sha256(content)]);
}

/** Throws `ARTEFACT_INVALID` where the bytes are not what `encodeProgress` wrote. */
export function decodeProgress(path: string, bytes: Buffer): TaskProgress {
  try {
    const content = bytes.subarray(0, bytes.length - HASH_BYTES);
    if (!sha256(content).equals(bytes.subarray(content.length))) throw new Error('its hash is wrong');
    const headerEnd = 4 + content.readUInt32LE(0);
    const parsed: unknown = JSON.parse(content.subarray(4, headerEnd).toString());
    const { variables, ...rest } = headerSchema.parse(parsed);
    // A copy, since floats must start at a multiple of four.
    const payload = Uint8Array.from(content.subarray(headerEnd));
    let at = 0;
    const state = variables.map(({ name, length }) => {
      const values = new Float32Array(payload.buffer, at, length);
      at += values.byteLength;
      return [name, values] as const;
    });
    return { ...rest, state: Object.fromEntries(state) };
  } catch (cause) {
    throw damaged(path, cause);
  }
}

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

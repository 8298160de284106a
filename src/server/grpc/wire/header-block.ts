import type { OutgoingHttpHeaders } from 'node:http2';
import { encodeFields } from './hpack.ts';
import type { Field } from './hpack-table.ts';

/** Headers as a block that can be written on any connection at any time. */
export function toBlock(headers: OutgoingHttpHeaders): Buffer {
  const fields = Object.entries(headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each): Field => ({ name, value: String(each) })),
  );
  return encodeFields(fields);
}

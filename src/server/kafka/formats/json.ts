import { isUtf8 } from 'node:buffer';
import { AristarchError, messageOf } from '../../../base/errors.ts';

/** Whatever JSON is in the bytes. Throws `INVALID_INPUT`. */
export function readJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new AristarchError('INVALID_INPUT', 'the event is not UTF-8: send a JSON object in UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (thrown) {
    throw new AristarchError('INVALID_INPUT', `the event is not JSON: ${messageOf(thrown)}`, {}, thrown);
  }
}

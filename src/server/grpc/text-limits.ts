import { AristarchError } from '../../base/errors.ts';
import type { WireScoreRequest } from './contract.ts';

export interface TextLimits {
  /** Of a field's name and text, of the model's name, and of the request's id, which goes back to the caller. */
  readonly maxTextBytes: number;
}

/** Throws `RESOURCE_EXHAUSTED` for a text that is too long, before anything looks at it; the text itself is not repeated. */
export function checkTexts(request: WireScoreRequest, { maxTextBytes }: TextLimits): void {
  const check = (text: string, what: () => string): void => checkText(text, what, maxTextBytes);
  check(request.model, () => 'the name of the model');
  check(request.requestId, () => 'the request id');
  request.records?.records.forEach(({ fields }, record) => {
    for (const [name, value] of Object.entries(fields)) {
      check(name, () => `the name of a field of record ${record}`);
      if (value.text !== undefined) check(value.text, () => `field "${name}" of record ${record}`);
    }
  });
}

export function checkText(text: string, what: () => string, maxTextBytes: number): void {
  // UTF-8 takes at most three bytes for each unit of a JavaScript string.
  if (text.length * 3 <= maxTextBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxTextBytes) return;
  const message = `${what()} has ${bytes} bytes and the limit is ${maxTextBytes}; shorten it, or raise --max-text-bytes`;
  throw new AristarchError('RESOURCE_EXHAUSTED', message, { bytes, maxTextBytes });
}

import { AristarchError } from '../../base/errors.ts';
import type { WireRecord, WireSampleRequest, WireScoreRequest } from './contract.ts';

export interface TextLimits {
  /** Of a field's name and text, of the model's name, and of the request's id, which goes back to the caller. */
  readonly maxTextBytes: number;
}

/** Throws `RESOURCE_EXHAUSTED` for a text that is too long, before anything looks at it; the text itself is not repeated. */
export function checkTexts(request: WireScoreRequest, { maxTextBytes }: TextLimits): void {
  const check = (text: string, what: () => string): void => checkText(text, what, maxTextBytes);
  checkChoice(request, { maxTextBytes });
  check(request.requestId, () => 'the request id');
  request.records?.records.forEach((record, index) => checkRecord(record, () => `record ${index}`, maxTextBytes));
}

/** The same for the names of a model and of its version. */
export function checkChoice(
  choice: { readonly model: string; readonly modelVersion: string },
  limits: TextLimits,
): void {
  checkText(choice.model, () => 'the name of the model', limits.maxTextBytes);
  checkText(choice.modelVersion, () => 'the version of the model', limits.maxTextBytes);
}

/** As `checkTexts`, for a request of made-up rows: names and texts of its conditions. */
export function checkSampleTexts(request: WireSampleRequest, { maxTextBytes }: TextLimits): void {
  checkChoice(request, { maxTextBytes });
  if (request.condition) checkRecord(request.condition, () => 'the condition', maxTextBytes);
  request.conditionRows?.records.forEach((record, index) =>
    checkRecord(record, () => `condition row ${index}`, maxTextBytes),
  );
}

function checkRecord({ fields }: WireRecord, what: () => string, maxTextBytes: number): void {
  for (const [name, value] of Object.entries(fields)) {
    checkText(name, () => `the name of a field of ${what()}`, maxTextBytes);
    if (value.text !== undefined) checkText(value.text, () => `field "${name}" of ${what()}`, maxTextBytes);
  }
}

export function checkText(text: string, what: () => string, maxTextBytes: number): void {
  // UTF-8 takes at most three bytes for each unit of a JavaScript string.
  if (text.length * 3 <= maxTextBytes) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxTextBytes) return;
  const message = `${what()} has ${bytes} bytes and the limit is ${maxTextBytes}; shorten it, or raise --max-text-bytes`;
  throw new AristarchError('RESOURCE_EXHAUSTED', message, { bytes, maxTextBytes });
}

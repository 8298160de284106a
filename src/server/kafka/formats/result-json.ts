import type { Explanation } from '../../../scoring/detector.ts';
import type { Result, ResultBatch } from './result-format.ts';

/**
 * Results as JSON, put together by hand: of what a result says, most is the same for the whole batch, and `JSON.stringify` would
 * write it anew for each event.
 */
export function jsonResults({ source, model, falsePositiveRate }: ResultBatch): (result: Result) => string {
  const rate = `,"falsePositiveRate":${toNumber(falsePositiveRate)}`;
  const names = `,"model":${JSON.stringify(model.name)},"modelVersion":${JSON.stringify(model.version)}`;
  const place = `,"source":{"topic":${JSON.stringify(source.topic)},"partition":${source.partition},"offset":`;
  const common = rate + names + place;
  return ({ id, score, pValue, anomalous, threshold, group, offset, time, explanation }) =>
    `{"resultId":"${id}","score":${toNumber(score)},"pValue":${toNumber(pValue)},"anomalous":${anomalous}` +
    `,"threshold":${toNumber(threshold)}${group === undefined ? '' : `,"group":${JSON.stringify(group)}`}${common}${offset}}` +
    `,"timestamp":${time === undefined ? 'null' : `"${time.iso}"`}` +
    `${explanation ? `,"explanation":${toReason(explanation)}` : ''}}`;
}

/** As JSON has it: what is no finite number is null. */
function toNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null';
}

/** What is said of an anomalous event; score and p-value stand beside it already. */
function toReason({ contributions, counterpart, counterpartScore }: Explanation): string {
  return JSON.stringify({ contributions, counterpart, counterpartScore });
}

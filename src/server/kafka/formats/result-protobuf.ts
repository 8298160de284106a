import protobuf from 'protobufjs';
import type { Explanation } from '../../../scoring/detector.ts';
import type { ResultFormat } from './result-format.ts';
import { toScalar } from './result-values.ts';
import { joinWireFormat } from './wire-format.ts';

/** Short for the places of a schema's first message. */
const FIRST_MESSAGE = 0;

/** Results as Protobuf, behind the id of their schema (proto/aristarch/events/v1/result.proto) and the place of the message in it. */
export function createProtobufResults(schemaId: number, schema: string): ResultFormat {
  const { root, package: name } = protobuf.parse(schema, { keepCase: false });
  const type = root.lookupType(`${name}.Result`);
  return {
    contentType: 'application/protobuf',
    writerOf: ({ source, model, falsePositiveRate }) => {
      const { topic, partition } = source;
      const common = { falsePositiveRate, model: model.name, modelVersion: model.version };
      return ({ id, group, offset, time, explanation, ...judged }) => {
        const message = {
          ...{ resultId: id, ...judged, ...common, source: { topic, partition, offset: Number(offset) } },
          ...(group !== undefined && { group }),
          ...(time !== undefined && { timestampMs: time.ms }),
          ...(explanation !== undefined && { explanation: toReason(explanation) }),
        };
        return joinWireFormat(schemaId, type.encode(message, protobuf.Writer.create().uint32(FIRST_MESSAGE)).finish());
      };
    },
  };
}

function toReason({ contributions, counterpart, counterpartScore }: Explanation) {
  return {
    contributions: contributions.map((each) => ({ ...each, value: toValue(each.value), normal: toValue(each.normal) })),
    counterpart: Object.fromEntries(Object.entries(counterpart).map(([name, value]) => [name, toValue(value)])),
    counterpartScore,
  };
}

function toValue(given: unknown): Record<string, unknown> {
  const value = toScalar(given);
  if (value === null) return {};
  return typeof value === 'number' ? { number: value } : typeof value === 'string' ? { text: value } : { flag: value };
}

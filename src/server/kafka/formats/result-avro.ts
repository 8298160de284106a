import type { Explanation } from '../../../scoring/detector.ts';
import { createAvroWriter } from './avro.ts';
import type { ResultFormat } from './result-format.ts';
import { toScalar } from './result-values.ts';
import { joinWireFormat } from './wire-format.ts';

/** Results as Avro, behind the id of their schema (proto/aristarch/events/v1/result.avsc). */
export function createAvroResults(schemaId: number, schema: string): ResultFormat {
  const write = createAvroWriter(schema);
  return {
    contentType: 'application/avro',
    writerOf: ({ source, model, falsePositiveRate }) => {
      const { topic, partition } = source;
      const common = { falsePositiveRate, model: model.name, modelVersion: model.version };
      return ({ id, group, offset, time, explanation, ...judged }) =>
        joinWireFormat(
          schemaId,
          write({
            ...{ resultId: id, ...judged, ...common, group: group ?? null, timestamp: time?.ms ?? null },
            source: { topic, partition, offset: Number(offset) },
            explanation: explanation === undefined ? null : toReason(explanation),
          }),
        );
    },
  };
}

function toReason({ contributions, counterpart, counterpartScore }: Explanation) {
  return {
    contributions: contributions.map((each) => ({
      ...each,
      value: toScalar(each.value),
      normal: toScalar(each.normal),
    })),
    counterpart: Object.fromEntries(Object.entries(counterpart).map(([name, value]) => [name, toScalar(value)])),
    counterpartScore,
  };
}

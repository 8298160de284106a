import type { Tracing, WorkSpan } from '../tracing/port.ts';
import type { InboundMessage, Source } from './port.ts';

/** Gives the span of some events of a partition; undefined where they are not traced. */
export type StartBatchSpan = (source: Source, messages: readonly InboundMessage[]) => WorkSpan | undefined;

export function createBatchSpans(tracing: Tracing, groupId: string): StartBatchSpan {
  return ({ topic, partition }, messages) =>
    tracing.startBatch({
      ...{ topic, partition, groupId },
      firstOffset: messages[0]!.offset,
      carriers: messages.map(({ headers }) => ({ get: (key) => [headers[key] ?? []].flat() })),
    });
}

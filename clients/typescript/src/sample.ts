import type { ClientReadableStream } from '@grpc/grpc-js';
import type { SampleRequest } from './contract/aristarch/v1/SampleRequest.ts';
import type { SampleResponse__Output } from './contract/aristarch/v1/SampleResponse.ts';
import { toCallError } from './errors.ts';
import { type FieldValue, type FieldValues, fromWireRecord, toWireRecord } from './records.ts';
import { backoffMs, checkNotAborted, pause, type RetryPolicy } from './retry.ts';

export interface SampleWish {
  readonly model?: string;
  readonly modelVersion?: string;
  /** Rows to make; may be left out with `conditionRows`, for one each. */
  readonly count?: number;
  /** Names an endless sequence of rows; 1 by default. */
  readonly seed?: number;
  /** Where in the sequence to begin, from 0. */
  readonly firstRow?: number;
  /** Values of conditions, of all rows; those left out are drawn. */
  readonly condition?: FieldValues;
  /** Values of all conditions of each row, from the start again where there are fewer than `count`. */
  readonly conditionRows?: readonly FieldValues[];
}

export interface SampleOptions {
  readonly open: (request: SampleRequest) => Promise<ClientReadableStream<SampleResponse__Output>>;
  readonly policy: RetryPolicy;
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Made-up rows, one after the other. A stream that breaks is taken up at the next row, of the same version of the model. */
export async function* sample(
  wish: SampleWish,
  options: SampleOptions,
): AsyncGenerator<Record<string, FieldValue>, void> {
  const { policy, random, signal } = options;
  const count = wish.count ?? wish.conditionRows?.length ?? 0;
  let [made, failures, modelVersion] = [0, 0, wish.modelVersion ?? ''];
  while (made < count || count === 0) {
    checkNotAborted(signal, failures + 1);
    const stream = await options.open(toRequest(wish, count, made, modelVersion));
    const cancel = () => stream.cancel();
    signal?.addEventListener('abort', cancel);
    try {
      for await (const response of stream as AsyncIterable<SampleResponse__Output>) {
        modelVersion = response.modelVersion;
        failures = 0;
        for (const record of response.records) {
          made += 1;
          yield fromWireRecord(record);
        }
      }
      return;
    } catch (thrown) {
      failures += 1;
      const error = toCallError(thrown, failures);
      const waitMs = backoffMs(error, failures, policy, random);
      if (waitMs === undefined) throw error;
      await pause(waitMs, signal);
    } finally {
      signal?.removeEventListener('abort', cancel);
      stream.cancel();
    }
  }
}

/** What is still to be made once `made` rows have come. The server refuses a count of 0 without rows of conditions, and says why. */
function toRequest(wish: SampleWish, count: number, made: number, modelVersion: string): SampleRequest {
  const { model, seed, firstRow = 0, condition, conditionRows } = wish;
  return {
    ...{ count: count - made, firstRow: firstRow + made, modelVersion },
    ...(model !== undefined && { model }),
    ...(seed !== undefined && { seed }),
    ...(condition !== undefined && { condition: toWireRecord(condition) }),
    ...(conditionRows !== undefined && { conditionRows: { records: rotate(conditionRows, made).map(toWireRecord) } }),
  };
}

function rotate<T>(values: readonly T[], by: number): readonly T[] {
  const at = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(at), ...values.slice(0, at)];
}

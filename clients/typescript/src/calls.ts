import {
  loadPackageDefinition,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type Metadata,
  type requestCallback,
} from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';
import type { AristarchClient as WireClient } from './contract/aristarch/v1/Aristarch.ts';
import type { ProtoGrpcType } from './contract/aristarch.ts';
import { DESCRIPTOR } from './contract/descriptor.ts';
import type { SampleRequest } from './contract/aristarch/v1/SampleRequest.ts';
import type { SampleResponse__Output } from './contract/aristarch/v1/SampleResponse.ts';
import type { ScoreRequest } from './contract/aristarch/v1/ScoreRequest.ts';
import type { ScoreResponse__Output } from './contract/aristarch/v1/ScoreResponse.ts';
import type { ResolvedOptions } from './options.ts';
import { within, withRetries } from './retry.ts';

/** Who goes first where callers wait. */
export type Priority = 'high' | 'normal' | 'low';

export interface CallChoices {
  /** In place of the client's own. */
  readonly deadlineMs?: number | undefined;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
  readonly priority?: Priority | undefined;
  /** Whom the call is about: calls of one key have the same version of a model, where two share the traffic. */
  readonly key?: string | undefined;
}

/** Makes one unary call with the last three arguments of the wire client's methods. */
type Unary<A> = (
  wire: WireClient,
  metadata: Metadata,
  options: CallOptions,
  done: requestCallback<A>,
) => ClientUnaryCall;

/** The service's methods on one channel, with who calls, the deadline and the retries of one client. */
export interface Calls {
  unary<A>(method: Unary<A>, choices: CallChoices): Promise<A>;
  openScoreStream(choices: CallChoices): Promise<ClientDuplexStream<ScoreRequest, ScoreResponse__Output>>;
  openSample(request: SampleRequest, choices: CallChoices): Promise<ClientReadableStream<SampleResponse__Output>>;
  close(): void;
}

/** As proto-loader is told by tools/generate.mjs. */
const LOADING = { longs: Number, enums: String, defaults: true, oneofs: true };

export function createCalls(options: ResolvedOptions): Calls {
  const loaded = loadPackageDefinition(fromJSON(DESCRIPTOR, LOADING)) as unknown as ProtoGrpcType;
  const wire = new loaded.aristarch.v1.Aristarch(options.address, options.credentials, options.channel);
  async function describe(
    { priority, key, signal }: CallChoices,
    deadline = Date.now() + options.deadlineMs,
  ): Promise<Metadata> {
    const metadata = await within(options.identify(), deadline, signal);
    if (key !== undefined) metadata.set('aristarch-key', key);
    if (priority !== undefined) metadata.set('aristarch-priority', priority);
    return metadata;
  }
  return {
    unary(method, choices) {
      const deadline = Date.now() + (choices.deadlineMs ?? options.deadlineMs);
      const { retry: policy, random } = options;
      const { signal } = choices;
      return withRetries(async () => once(wire, method, await describe(choices, deadline), deadline, signal), {
        ...{ policy, deadline, signal, random },
      });
    },
    openScoreStream: async (choices) => wire.scoreStream(await describe(choices)),
    openSample: async (request, choices) => wire.sample(request, await describe(choices)),
    close: () => wire.close(),
  };
}

function once<A>(
  wire: WireClient,
  method: Unary<A>,
  metadata: Metadata,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<A> {
  return new Promise((resolve, reject) => {
    const giveUp = () => call.cancel();
    const call = method(wire, metadata, { deadline }, (error, answer) => {
      signal?.removeEventListener('abort', giveUp);
      if (error) reject(error);
      else resolve(answer!);
    });
    signal?.addEventListener('abort', giveUp);
  });
}

import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { ScoreRequest } from './contract/aristarch/v1/ScoreRequest.ts';
import type { ScoreResponse__Output } from './contract/aristarch/v1/ScoreResponse.ts';
import { CallError, toCallError } from './errors.ts';
import { backoffMs, checkNotAborted, pause, untilAborted, type RetryPolicy } from './retry.ts';

type Stream = ClientDuplexStream<ScoreRequest, ScoreResponse__Output>;

export interface StreamOptions {
  readonly open: () => Promise<Stream>;
  readonly policy: RetryPolicy;
  readonly random: () => number;
  /** Most requests that are sent and not answered: no more are taken from the source. */
  readonly window: number;
  /** Longest wait for the next answer while one is due. */
  readonly answerTimeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

type Event =
  | { readonly kind: 'request'; readonly next: IteratorResult<ScoreRequest, unknown> }
  | { readonly kind: 'answer'; readonly answer: ScoreResponse__Output }
  | { readonly kind: 'failure'; readonly thrown: unknown }
  | { readonly kind: 'aborted' };

/**
 * One answer for each request, in order. What was sent and not answered when the connection broke is sent again on the next one,
 * so that a server may restart on the way: a score is the same whenever it is asked for. Throws the `CallError` of the first
 * request that has no answer, with `data.request`, its place from 0.
 */
export async function* scoreStream(
  requests: AsyncIterable<ScoreRequest> | Iterable<ScoreRequest>,
  options: StreamOptions,
): AsyncGenerator<ScoreResponse__Output, void> {
  const source = iterate(requests);
  const unanswered: ScoreRequest[] = [];
  let connection = await connect(options, unanswered);
  let [failures, answers, ended] = [0, 0, false];
  let asked: Promise<Event> | undefined;
  let due: Promise<Event> | undefined;
  const given = untilAborted(options.signal);
  const aborted = given.done.then((): Event => ({ kind: 'aborted' }));
  try {
    while (!ended || unanswered.length > 0) {
      checkNotAborted(options.signal, failures + 1);
      if (!ended && unanswered.length < options.window) asked ??= pull(source);
      if (unanswered.length > 0) due ??= connection.answer();
      const event = await Promise.race([aborted, asked, due].filter((each) => each !== undefined));
      if (event.kind === 'aborted') continue;
      if (event.kind === 'request') {
        asked = undefined;
        if (event.next.done === true) ended = true;
        else {
          unanswered.push(event.next.value);
          connection.send(event.next.value);
        }
      } else if (event.kind === 'answer') {
        due = undefined;
        failures = 0;
        answers += 1;
        unanswered.shift();
        yield event.answer;
      } else {
        due = undefined;
        failures += 1;
        connection.close();
        await waitAfter(event.thrown, failures, answers, options);
        connection = await connect(options, unanswered);
      }
    }
    connection.end();
  } finally {
    given.forget();
    connection.close();
    // A source that waits for something is not waited for.
    void source.return(undefined).then(undefined, () => undefined);
  }
}

async function* iterate<T>(values: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T, undefined> {
  yield* values;
}

/** The source's own errors are not caught: they are the caller's. */
async function pull(source: AsyncIterator<ScoreRequest, undefined>): Promise<Event> {
  return { kind: 'request', next: await source.next() };
}

async function waitAfter(
  thrown: unknown,
  failures: number,
  answers: number,
  { policy, random, signal }: StreamOptions,
): Promise<void> {
  const error = toCallError(thrown, failures);
  const waitMs = backoffMs(error, failures, policy, random);
  if (waitMs === undefined) throw error.with({ data: { ...error.data, request: answers } });
  await pause(waitMs, signal);
}

interface Connection {
  send(request: ScoreRequest): void;
  /** The next answer, or the stream's failure. */
  answer(): Promise<Event>;
  /** Says that no more requests come. */
  end(): void;
  /** Gives the stream up, where it has not ended. */
  close(): void;
}

/** A stream on which all that is unanswered is sent already. The window bounds what waits to be written, so nobody waits for it. */
async function connect(
  { open, answerTimeoutMs, signal }: StreamOptions,
  unanswered: readonly ScoreRequest[],
): Promise<Connection> {
  const stream = await open();
  // The iterator listens from its first answer on; an error may come before, and without a listener it would end the process.
  let broken: unknown;
  stream.on('error', (error) => (broken = error));
  const answers: AsyncIterator<ScoreResponse__Output> = stream[Symbol.asyncIterator]();
  let over = false;
  const cancel = () => stream.cancel();
  signal?.addEventListener('abort', cancel);
  for (const request of unanswered) stream.write(request);
  return {
    send: (request) => void stream.write(request),
    answer: () => nextAnswer(answers, answerTimeoutMs, () => broken),
    end: () => {
      over = true;
      stream.end();
      stream.resume();
    },
    close: () => {
      signal?.removeEventListener('abort', cancel);
      if (!over) stream.cancel();
    },
  };
}

async function nextAnswer(
  answers: AsyncIterator<ScoreResponse__Output>,
  timeoutMs: number,
  broken: () => unknown,
): Promise<Event> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Event>((resolve) => {
    const message = `no answer came within ${timeoutMs} ms`;
    const fail = () => resolve({ kind: 'failure', thrown: new CallError(message, { status: 'DEADLINE_EXCEEDED' }) });
    timer = setTimeout(fail, timeoutMs);
  });
  const answer = answers.next().then(
    ({ done, value }): Event =>
      done === true
        ? {
            kind: 'failure',
            thrown: broken() ?? new CallError('the server ended the stream', { status: 'UNAVAILABLE' }),
          }
        : { kind: 'answer', answer: value },
    (thrown: unknown): Event => ({ kind: 'failure', thrown }),
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

import { AristarchError, toAristarchError, type ErrorCode } from './errors.ts';

/** What messages between two processes, or threads, go through. */
export interface Pipe {
  /** `done` is told when the message has been handed over. `moved`: memory that a thread may take over, which is of no use here afterwards. */
  send(message: object, done: (error: Error | null) => void, moved?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
}

/** What the other side may be asked for: each takes one argument of plain data and answers plain data. */
export type Calls<C> = { readonly [K in keyof C]: (argument: never) => unknown };

export interface Channel<Other extends Calls<Other>> {
  /** Throws the other side's error, and `UNAVAILABLE` where that side has ended. `moved`: as the pipe's `send` has it. */
  ask<K extends keyof Other & string>(
    name: K,
    argument: Parameters<Other[K]>[0],
    moved?: readonly ArrayBuffer[],
  ): Promise<Awaited<ReturnType<Other[K]>>>;
}

/** This side of it, too. */
export interface OwnChannel<Other extends Calls<Other>> extends Channel<Other> {
  /** How much of what was asked is not answered yet. */
  readonly unanswered: number;
  /** When what the other side has asked until now is answered. */
  answered(): Promise<void>;
}

interface Question {
  readonly question: number;
  readonly name: string;
  readonly argument: unknown;
}
type Answer = { readonly answer: number } & ({ readonly value: unknown } | { readonly error: PlainError });

export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function toPlainError(thrown: unknown): PlainError {
  const { code, message, data } = toAristarchError(thrown);
  return { code, message, data: JSON.parse(JSON.stringify(data)) as PlainError['data'] };
}

export function fromPlainError({ code, message, data }: PlainError): AristarchError {
  return new AristarchError(code, message, data);
}

/** Answers the other side's questions by `own`, and asks it; `ended` says that it has gone. */
export function createChannel<Own extends Calls<Own>, Other extends Calls<Other>>(
  pipe: Pipe,
  own: Own,
  ended = () => new AristarchError('UNAVAILABLE', 'the other process has ended'),
): OwnChannel<Other> {
  const waiting = new Map<number, { resolve: (value: never) => void; reject: (thrown: unknown) => void }>();
  const answering = new Set<Promise<void>>();
  let [asked, closed] = [0, false];
  const respond = async ({ question, name, argument }: Question): Promise<void> => {
    let answer: Answer;
    try {
      answer = { answer: question, value: await own[name as keyof Own](argument as never) };
    } catch (thrown) {
      answer = { answer: question, error: toPlainError(thrown) };
    }
    if (!closed) pipe.send(answer, () => undefined);
  };
  pipe.onMessage((message) => {
    if (isQuestion(message)) {
      const answer = respond(message).finally(() => answering.delete(answer));
      answering.add(answer);
    }
    if (!isAnswer(message)) return;
    const asker = waiting.get(message.answer);
    waiting.delete(message.answer);
    if ('error' in message) asker?.reject(fromPlainError(message.error));
    else asker?.resolve(message.value as never);
  });
  pipe.onClose(() => {
    closed = true;
    for (const { reject } of waiting.values()) reject(ended());
    waiting.clear();
  });
  return {
    get unanswered() {
      return waiting.size;
    },
    ask: (name, argument, moved) =>
      new Promise((resolve, reject) => {
        if (closed) {
          reject(ended());
          return;
        }
        const question = ++asked;
        waiting.set(question, { resolve, reject });
        const done = (error: Error | null): void => {
          if (error === null || !waiting.delete(question)) return;
          reject(ended());
        };
        pipe.send({ question, name, argument }, done, moved);
      }),
    answered: async () => {
      await Promise.all(answering);
    },
  };
}

const isQuestion = (message: unknown): message is Question =>
  typeof message === 'object' && message !== null && 'question' in message;
const isAnswer = (message: unknown): message is Answer =>
  typeof message === 'object' && message !== null && 'answer' in message;

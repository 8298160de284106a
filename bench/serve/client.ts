/** A connection to a server, over which calls are made. */
export interface Client {
  /** `frame`: the message as gRPC frames it. `untilMs`: its deadline on performance.now(), Infinity for none. `done` is told once. */
  call(frame: Buffer, untilMs: number, done: (status: string) => void): void;
  close(): void;
}

/** How a call ended: by the number of its gRPC status, or one of these. It never left, since its deadline passed before it could; or the connection was lost. */
export const UNSENT = 'unsent';
export const CUT = 'cut';
/** RESOURCE_EXHAUSTED. */
export const REFUSED = '8';

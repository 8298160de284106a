import type { NamedArrays } from '../executor.ts';

/** What the inference thread can be asked for; `session` is a number that the asking side gives a model. */
export interface ThreadCalls {
  /** Opens the bytes of an ONNX file on the CPU. Throws `ARTEFACT_INVALID`. */
  readonly load: (order: LoadOrder) => Promise<void>;
  /** Throws what the session throws. */
  readonly run: (order: RunOrder) => Promise<NamedArrays>;
  readonly close: (session: number) => Promise<void>;
  /** Nothing but the way there and back. */
  readonly echo: (nothing: undefined) => void;
}

export interface LoadOrder {
  readonly session: number;
  readonly onnx: Uint8Array;
  /** Threads inside one operation. */
  readonly threads: number;
}

export interface RunOrder {
  readonly session: number;
  readonly feeds: NamedArrays;
}

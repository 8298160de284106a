import { PREFIX_BYTES } from './call-stream.ts';

/** Where in a call's messages, as gRPC frames them, what has come ends. */
export class MessagePosition {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  /** Bytes of the message's prefix that have come, and of its body that have not. */
  #prefixBytes = 0;
  #restBytes = 0;
  #wholes = 0;

  /** How many were finished. */
  get wholes(): number {
    return this.#wholes;
  }

  /** Whether it is within a message. */
  get isWithin(): boolean {
    return this.#prefixBytes > 0;
  }

  /** What the message says that it is; 0 while it has not said so. */
  get messageBytes(): number {
    return this.#prefixBytes === PREFIX_BYTES ? this.#prefix.readUInt32BE(1) : 0;
  }

  /** Goes on by what has come; answers how many bytes of it belong to a message that is not whole, Infinity for all: none was finished in it. */
  read(chunk: Buffer): number {
    let [at, wholeTo] = [0, -1];
    while (at < chunk.length) {
      const missing = PREFIX_BYTES - this.#prefixBytes;
      if (missing > 0) {
        const taken = chunk.copy(this.#prefix, this.#prefixBytes, at, at + missing);
        this.#prefixBytes += taken;
        at += taken;
        if (taken < missing) break;
        this.#restBytes = this.messageBytes;
      }
      const taken = Math.min(this.#restBytes, chunk.length - at);
      this.#restBytes -= taken;
      at += taken;
      if (this.#restBytes > 0) break;
      this.#prefixBytes = 0;
      this.#wholes++;
      wholeTo = at;
    }
    return wholeTo < 0 ? Infinity : chunk.length - wholeTo;
  }
}

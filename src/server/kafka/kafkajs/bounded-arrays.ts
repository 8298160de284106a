import { createRequire } from 'node:module';
import { AristarchError } from '../../../base/errors.ts';

/** What kafkajs 2.2.3 reads answers with, as far as it is looked at here. */
interface Decoder {
  readonly buffer: Buffer;
  readonly offset: number;
}
type ReadArray = (this: Decoder, readItem: unknown) => unknown;
interface DecoderClass {
  readonly prototype: Record<'readArray' | 'readArrayAsync', ReadArray>;
}

/** Has kafkajs refuse an array that is said to have more items than bytes are left: it makes room for them before it looks. */
export function boundArrays(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/protocol/decoder') as DecoderClass;
  for (const name of ['readArray', 'readArrayAsync'] as const) {
    const read = prototype[name];
    prototype[name] = function (readItem) {
      const count = this.buffer.readInt32BE(this.offset);
      const left = this.buffer.length - this.offset;
      if (count <= left) return read.call(this, readItem);
      throw new AristarchError('DATA_UNREADABLE', `a broker's answer announces ${count} items in ${left} bytes`);
    };
  }
}

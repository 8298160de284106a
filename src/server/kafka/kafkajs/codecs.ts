import type { Codecs } from '../compression.ts';
import type { Compression } from '../port.ts';
import { meterBatch } from './bounded-answers.ts';
import { CompressionCodecs, CompressionTypes } from './engine.ts';

export const COMPRESSION_TYPES = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
} as const satisfies { readonly [C in Compression]: number };

/** What kafkajs hands over when it writes a batch; its types call it an encoder and say no more. */
interface Encoder {
  readonly buffer: Buffer;
}

/** Teaches kafkajs the compressions: it knows gzip only, and does not bound what that becomes. Its table of them is one for the process. */
export function registerCodecs(codecs: Codecs): void {
  for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    CompressionCodecs[COMPRESSION_TYPES[name]] = () => ({
      compress: ({ buffer }: Encoder) => Promise.resolve(codecs[name].compress(buffer)),
      decompress: async (buffer: Buffer) => {
        const records = await Promise.resolve(codecs[name].decompress(buffer));
        meterBatch(records.length);
        return records;
      },
    });
  }
}

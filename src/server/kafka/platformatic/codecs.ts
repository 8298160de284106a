import { AristarchError } from '../../../base/errors.ts';
import { AnswerMeter, type Codecs } from '../compression.ts';
import type { FetchedBatch } from '../read-record-batch.ts';
import { compressionsAlgorithms, compressionsAlgorithmsByBitmask } from './engine.ts';

/** What the client may hand over: it keeps what it writes in pieces. */
type Bytes = Buffer | { readonly buffer: Buffer };
interface Algorithm {
  compressSync: (bytes: Bytes) => Buffer;
  decompressSync: (bytes: Bytes) => Buffer;
  available: boolean;
}

/**
 * Gives the client our compressions: its own Snappy does not read what Java writes, and its Zstandard wants a newer Node. Its tables
 * of them are the process's.
 */
export function registerCodecs(codecs: Codecs): void {
  const meter = meterAnswers();
  for (const name of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const codec = codecs[name];
    const ours: Algorithm = {
      compressSync: (bytes) => codec.compress(toBuffer(bytes)),
      decompressSync(bytes) {
        const records = codec.decompress(toBuffer(bytes));
        meter(records.length);
        return records;
      },
      available: true,
    };
    const { bitmask } = compressionsAlgorithms[name];
    for (const theirs of [compressionsAlgorithms[name], compressionsAlgorithmsByBitmask[bitmask]!])
      Object.assign(theirs, ours);
  }
}

/** The records of a batch as their producer wrote them. */
export function decompress({ compressionBits, records }: FetchedBatch): Buffer {
  if (compressionBits === 0) return records;
  const algorithm = compressionsAlgorithmsByBitmask[compressionBits];
  if (algorithm !== undefined) return algorithm.decompressSync(records);
  throw new AristarchError('DATA_UNREADABLE', `a batch is compressed by no known way: number ${compressionBits}`);
}

/** An answer is taken apart, with all its batches, before anything else has its turn. */
function meterAnswers(): (bytes: number) => void {
  let current: AnswerMeter | undefined;
  return (bytes) => {
    if (current === undefined) queueMicrotask(() => (current = undefined));
    current ??= new AnswerMeter();
    current.add(bytes);
  };
}

function toBuffer(bytes: Bytes): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : bytes.buffer;
}

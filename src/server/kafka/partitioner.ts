import type { OutboundMessage } from './port.ts';

/** By the hash of the key, as Java's client does it; keyless ones where they are told to go. */
export function partitionOf(
  { key, keylessPartition }: Pick<OutboundMessage, 'key' | 'keylessPartition'>,
  partitions: number,
): number {
  return (key === null ? keylessPartition : murmur2(key) & 0x7fffffff) % partitions;
}

/** Murmur 2 with Kafka's seed (org.apache.kafka.common.utils.Utils), which tells the partition of a key for all clients alike. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = 0x9747b28c ^ length;
  const whole = length & ~3;
  for (let at = 0; at < whole; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    const mixed = Math.imul(word, M);
    hash = Math.imul(hash, M) ^ Math.imul(mixed ^ (mixed >>> 24), M);
  }
  const left = length - whole;
  if (left > 2) hash ^= bytes[whole + 2]! << 16;
  if (left > 1) hash ^= bytes[whole + 1]! << 8;
  if (left > 0) hash = Math.imul(hash ^ bytes[whole]!, M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return hash ^ (hash >>> 15);
}

const M = 0x5bd1e995;

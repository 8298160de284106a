import type { OutboundMessage } from '../port.ts';
import { murmur2 } from './engine.ts';

/** By the hash of the key, as Java's client does it; keyless ones where they are told to go. */
export function partitionOf({ key, keylessPartition }: OutboundMessage, partitions: number): number {
  return (key === null ? keylessPartition : murmur2(key) & 0x7fffffff) % partitions;
}

import type { MessageHeaders } from './port.ts';

const EMPTY = Buffer.alloc(0);

/**
 * Headers of pairs of name and value. A name may come more than once; what is null becomes empty, since one client cannot write it. In a
 * time that grows with their number: a megabyte holds half a million, and producers choose them.
 */
export function collectHeaders(pairs: readonly (readonly [Buffer | null, Buffer | null])[]): MessageHeaders {
  if (pairs.length === 0) return {};
  const headers = new Map<string, Buffer | Buffer[]>();
  for (const [nameBytes, valueBytes] of pairs) {
    const [name, value] = [nameBytes?.toString() ?? '', valueBytes ?? EMPTY];
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else headers.set(name, [before, value]);
  }
  // Producers choose the names, too: `__proto__` is one like any other here.
  return Object.fromEntries(headers);
}

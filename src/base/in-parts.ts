/** Work that would hold its thread for long, in parts: whoever has it done may do other things between two of them. */
export type InParts<T> = Generator<void, T, void>;

/** Does all of it, part after part. */
export function atOnce<T>(work: InParts<T>): T {
  let part = work.next();
  while (part.done !== true) part = work.next();
  return part.value;
}

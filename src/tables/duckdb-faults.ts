import { AristarchError, messageOf } from '../base/errors.ts';

/** Marks messages that our own SQL raises by `error(...)`, where a value does not fit; the rest is for people. */
export const VALUE_FAULT = 'aristarch value fault: ';

/** What DuckDB threw, as kind ("Binder Error") and the part of the message that helps people. */
export interface DuckDBFault {
  readonly kind: string;
  readonly message: string;
}

export function parseFault(thrown: unknown): DuckDBFault {
  const text = messageOf(thrown);
  const match = /^([A-Z][A-Za-z -]+ Error): (.*)$/s.exec(text);
  const message = match?.[2] ?? text;
  // The statement with its marker is ours, not the user's.
  const [plain] = message.split(/\n+LINE \d+:/);
  return { kind: match?.[1] ?? 'Error', message: plain!.trim() };
}

/** A fault while rows are read: one of our own checks on values, or an unreadable file. */
export function toReadError(thrown: unknown, files: readonly string[]): AristarchError {
  if (thrown instanceof AristarchError) return thrown;
  const { kind, message } = parseFault(thrown);
  const at = message.indexOf(VALUE_FAULT);
  if (at >= 0) return new AristarchError('INVALID_INPUT', message.slice(at + VALUE_FAULT.length), {}, thrown);
  if (kind === 'Out of Memory Error') {
    const text = `DuckDB ran out of memory while reading ${files.join(', ')}: raise the memory limit. ${firstLine(message)}`;
    return new AristarchError('RESOURCE_EXHAUSTED', text, { files }, thrown);
  }
  const text = `cannot read ${files.join(', ')}: ${summary(message)}${/not utf-8 encoded/.test(message) ? ': convert it to UTF-8' : ''}`;
  return new AristarchError('DATA_UNREADABLE', text, { files }, thrown);
}

function firstLine(message: string): string {
  return message.split('\n')[0]!;
}

/**
 * DuckDB explains CSV faults on many lines; the first few hold place, value and reason, those from "Possible" on options that nobody here can set, and so
 * does what it says to try with JSON.
 */
function summary(message: string): string {
  const lines = message
    .replace(/\.?\s*Try increasing 'sample_size'.*$/s, '')
    .split('\n')
    .map((line) => line.trim());
  const advice = lines.findIndex((line) => line.startsWith('Possible'));
  return lines
    .slice(0, advice < 0 ? undefined : advice)
    .filter((line) => line !== '')
    .slice(0, 3)
    .join(' ');
}

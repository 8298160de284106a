import { z } from 'zod';

/**
 * Schemas for settings that arrive as text (flags, environment) or as JSON (the file). Unlike `z.coerce`, they take neither
 * `true` nor an empty text for a number, nor the text "false" for true.
 */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/**
 * A number, or its text. The bounds are checks of the number itself, so that a JSON Schema made of it has them (the chart's has); `error`
 * stands at each of them, since the text of a check that fails is what is shown.
 */
function numeric<N extends z.ZodType<number, number>>(bounded: N, error: string) {
  const text = z.string().regex(DECIMAL, { error }).transform(Number).pipe(bounded);
  return z.union([bounded, text], { error });
}

/** A finite number, bounds included. */
export function realNumber({ min = -Infinity, max = Infinity }: Bounds = {}) {
  const error = `a number${describeBounds(min, max)} is needed`;
  return numeric(boundedReal({ min, max }, error), error);
}

function boundedReal({ min = -Infinity, max = Infinity }: Bounds, error: string) {
  const low = Number.isFinite(min) ? z.number({ error }).min(min, { error }) : z.number({ error });
  return Number.isFinite(max) ? low.max(max, { error }) : low;
}

/** A whole number, bounds included. */
export function wholeNumber(bounds: Bounds = {}) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  const error = `a whole number${describeBounds(min, max)} is needed`;
  return numeric(boundedWhole(bounds, error), error);
}

function boundedWhole({ min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER }: Bounds, error: string) {
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A power of two, bounds included; `error` says which. */
export function powerOfTwo({ min, max }: Required<Bounds>, error: string) {
  const powers = Array.from({ length: 53 }, (_, exponent) => 2 ** exponent).filter((n) => n >= min && n <= max);
  return wholeNumber({ min, max })
    .refine((value) => powers.includes(value), { error })
    .meta({ enum: [...powers, ...powers.map(String)] });
}

/** A false-positive rate or another share: strictly between 0 and 1. */
export function share() {
  const error = 'a number between 0 and 1, both excluded, is needed';
  return numeric(z.number({ error }).gt(0, { error }).lt(1, { error }), error);
}

const TRUE_WORDS = ['true', '1', 'yes', 'on', 'y', 'enabled'];
const FALSE_WORDS = ['false', '0', 'no', 'off', 'n', 'disabled'];
// Regular expressions of JSON Schema have no way to leave the case open: each letter is written as both.
const WORDS = [...TRUE_WORDS, ...FALSE_WORDS].map((word) =>
  word.replaceAll(/[a-z]/g, (a) => `[${a}${a.toUpperCase()}]`),
);

/** true or false, as JSON or as the words true, false, yes, no, on, off, 1, 0 and their like, in letters of either case. */
export function onOff() {
  const error = 'true or false is needed';
  return z
    .union([z.boolean(), z.stringbool({ truthy: TRUE_WORDS, falsy: FALSE_WORDS, error })], { error })
    .meta({ pattern: `^(${WORDS.join('|')})$` });
}

/** Names separated by commas, or a JSON list; blanks around names and empty names are dropped. */
export function nameList() {
  const split = z.string().transform((text) => text.split(',').map((name) => name.trim()));
  return z
    .union([z.array(z.string()), split], { error: 'names separated by commas are needed' })
    .transform((names) => names.filter((name) => name !== ''));
}

// A scheme, a user or a password before the host would be looked up as a part of its name.
const ADDRESS = /^[^\s/@]+:(\d{1,5})$/;
const LAST_PORT = 65_535;

function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[1] ?? 0);
  return port > 0 && port <= LAST_PORT;
}

/** Addresses of servers, `host:port`, separated by commas, or a JSON list. */
export function addressList() {
  const error = `addresses of the form host:port, with a port from 1 to ${LAST_PORT}, separated by commas, are needed`;
  return nameList().refine((addresses) => addresses.every(isAddress), { error });
}

const splitText = () => z.string().transform((text): (number | string)[] => text.split(',').map((part) => part.trim()));

/** Whole numbers separated by commas, or a JSON list. */
export function wholeNumberList(bounds: Bounds = {}) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = bounds;
  const each = boundedWhole(bounds, `a whole number${describeBounds(min, max)} is needed`);
  const none = { error: 'at least one number is needed' };
  const split = splitText().pipe(z.array(wholeNumber(bounds)).min(1, none));
  return z.union([z.array(each).min(1, none), split], { error: 'whole numbers separated by commas are needed' });
}

/** So many numbers of 0 or more, separated by commas, or a JSON list; not all may be 0. */
export function shareList(count: number) {
  const error = `${count} numbers of 0 or more, separated by commas, are needed, and not all of them 0`;
  const split = splitText().pipe(z.array(realNumber({ min: 0 })).length(count, { error }));
  return z
    .union([z.array(boundedReal({ min: 0 }, error)).length(count, { error }), split], { error })
    .refine((shares) => shares.some((share) => share > 0), { error });
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `one of ${words.join(', ')} is needed` });
}

// As wide as what is parsed: a scheme of large letters, blanks around it and in its path.
const PLAIN_URL = '\\s*[hH][tT][tT][pP][sS]?://[^/?#@\\s]+([/?#][\\s\\S]*|\\s*)';
// With :// it would be an address, and none that is fetched.
const FILE = '[^:]*(:/?([^/:][^:]*)?)*';

/** An address of http or https; a password in it would be shown wherever the address is. */
export function httpAddress() {
  return text()
    .refine(isPlainUrl, { error: 'an http or https address without a user in it is needed' })
    .meta({ pattern: `^${PLAIN_URL}$` });
}

/** The same, or the path of a file. */
export function httpAddressOrFile() {
  return text()
    .refine((value) => !isWebAddress(value) || isPlainUrl(value), {
      error: 'a file, or an http or https address without a user in it, is needed',
    })
    .meta({ pattern: `^(${PLAIN_URL}|${FILE})$` });
}

export function isWebAddress(value: string): boolean {
  return /^https?:\/\//i.test(value);
}

/** Whether it is an http(s) address without a user. */
export function isPlainUrl(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, username, password } = new URL(address);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** A text that is not empty. */
export function text() {
  return z.string({ error: 'a text is needed' }).min(1, { error: 'it must not be empty' });
}

function describeBounds(min: number, max: number): string {
  const low = Number.isFinite(min) && min !== Number.MIN_SAFE_INTEGER;
  const high = Number.isFinite(max) && max !== Number.MAX_SAFE_INTEGER;
  if (low && high) return ` from ${min} to ${max}`;
  if (low) return ` of at least ${min}`;
  return high ? ` of at most ${max}` : '';
}

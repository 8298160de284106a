import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import type { z } from 'zod';
import { AristarchError, messageOf } from './errors.ts';

/** One setting of a process: where it comes from, what it may be, and what people should know of it. */
export interface Setting<S extends z.ZodType = z.ZodType> {
  /** Turns the flag's or the environment's text, or the file's value, into the value; `setting-schemas.ts` has common ones. */
  readonly schema: S;
  /** The value when nobody gives one. Absent: the setting is required, unless its schema is optional. */
  readonly default?: z.output<S>;
  /** As commander has it: `--grpc-port <port>`, `--no-generator`. */
  readonly flag: string;
  /** Name of the environment variable. */
  readonly env?: string;
  /** The variable is of another specification, and may be meant for others: what is no value here is passed over, and told of. */
  readonly isForeign?: boolean;
  /** One line; what it does. */
  readonly help: string;
  readonly unit?: string;
  /** Where the default comes from: a paper and section, or a measurement. */
  readonly source?: string;
  /** Names separated by commas: when the flag is given again, they are added, not replaced. */
  readonly list?: boolean;
  /** Of a list: what the text of one flag is turned into before it is added to the others. */
  readonly each?: (given: string) => string;
  /** Printed as `***`. */
  readonly secret?: boolean;
  /** What is printed and kept in place of the value, where a part of it is secret. */
  readonly shown?: (value: z.output<S>) => unknown;
  /** Heading in `--help`. */
  readonly group?: string;
}

export type Settings = Readonly<Record<string, Setting>>;
export type SettingValues<T extends Settings> = { readonly [K in keyof T]: z.output<T[K]['schema']> };

/** Where values come from; the first that gives one wins, in this order, then the default. */
export interface SettingSources {
  /** Flags that were really given, by commander's attribute name (`givenFlags`). */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Content of the configuration file: setting name -> value (`readSettingsFile`). */
  readonly file?: Readonly<Record<string, unknown>>;
  /** Told of foreign variables that were passed over, and why. */
  readonly onPassedOver?: (message: string) => void;
}

/** The one table of a process's settings; checks that the compiler infers each value's type. */
export function defineSettings<S extends Record<string, z.ZodType>>(settings: {
  readonly [K in keyof S]: Setting<S[K]>;
}): { readonly [K in keyof S]: Setting<S[K]> } {
  return settings;
}

/** Adds the flags to a command; the help says default, unit, environment variable and source. */
export function addOptions(command: Command, settings: Settings): Command {
  for (const setting of Object.values(settings)) {
    const option = new Option(setting.flag, describeSetting(setting));
    if (setting.list === true) option.argParser(joinLists(setting.each));
    if (setting.group !== undefined) option.helpGroup(`${setting.group}:`);
    command.addOption(option);
  }
  return command;
}

function joinLists(each: (given: string) => string = (given) => given) {
  return (value: string, before: string | undefined): string =>
    before === undefined ? each(value) : `${before},${each(value)}`;
}

function describeSetting(setting: Setting): string {
  const unit = setting.unit === undefined ? '' : ` ${setting.unit}`;
  // `--no-generator (default: true)` would read as the opposite of what it means.
  const isSaid = setting.default !== undefined && !setting.flag.startsWith('--no-');
  const fallback = isSaid ? [`default: ${showDefault(setting)}${unit}`] : [];
  const named = setting.default === undefined && setting.unit !== undefined ? [`in ${setting.unit}`] : [];
  const env = setting.env === undefined ? [] : [`env: ${setting.env}`];
  const source = setting.source === undefined ? [] : [`source: ${setting.source}`];
  const notes = [...fallback, ...named, ...env, ...source];
  return notes.length === 0 ? setting.help : `${setting.help} (${notes.join('; ')})`;
}

/** The default as people read it. */
export function showDefault(setting: Setting): string {
  if (setting.secret === true) return '***';
  if (Array.isArray(setting.default)) return setting.default.length === 0 ? 'none' : setting.default.join(',');
  return typeof setting.default === 'string' ? setting.default : JSON.stringify(setting.default);
}

/** The flags a person gave to this command, without commander's own defaults. */
export function givenFlags(command: Command): Record<string, unknown> {
  const entries = Object.entries(command.opts());
  return Object.fromEntries(entries.filter(([name]) => command.getOptionValueSource(name) === 'cli'));
}

/** Reads a JSON configuration file: one object, setting name -> value. */
export async function readSettingsFile(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new AristarchError(
      'NOT_FOUND',
      `the configuration file ${path} cannot be read: check the path`,
      { path },
      cause,
    );
  });
  const values = parseJson(path, text);
  if (typeof values === 'object' && values !== null && !Array.isArray(values)) return { ...values };
  throw new AristarchError('INVALID_INPUT', `the configuration file ${path} must hold one JSON object of settings`, {
    path,
  });
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AristarchError(
      'INVALID_INPUT',
      `the configuration file ${path} is not JSON${describePlace(text, messageOf(cause))}: check commas, quotes and braces`,
      { path },
    );
  }
}

/** Where the parser stopped, where it says so. Its own words quote what stands there, which may be a password. */
function describePlace(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return '';
  const before = text.slice(0, Number(position)).split('\n');
  return ` at line ${before.length}, column ${before.at(-1)!.length + 1}`;
}

/**
 * The validated values: flag, else environment, else file, else default. An empty environment variable counts as not
 * given. Throws `INVALID_INPUT` that names every bad value, where it came from, and what is wanted instead.
 */
export function resolveSettings<T extends Settings>(settings: T, sources: SettingSources): SettingValues<T> {
  const faults = unknownKeys(settings, sources.file ?? {});
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(settings)) {
    const { given, parsed } = parseGiven(key, setting, sources);
    if (parsed.success) values[key] = parsed.data;
    else faults.push(describeFault(setting, given, parsed.error));
  }
  if (faults.length > 0) throw new AristarchError('INVALID_INPUT', faults.join('\n'), { faults });
  return values as SettingValues<T>;
}

interface Given {
  readonly value: unknown;
  /** `--grpc-port`, `ARISTARCH_GRPC_PORT`, `grpcPort in the configuration file`. */
  readonly origin: string;
}

function parseGiven(key: string, setting: Setting, sources: SettingSources) {
  const given = findGiven(key, setting, sources);
  const parsed = setting.schema.safeParse(given.value);
  if (parsed.success || setting.isForeign !== true || given.origin !== setting.env) return { given, parsed };
  sources.onPassedOver?.(`${describeFault(setting, given, parsed.error)}. It is passed over`);
  const other = findGiven(key, setting, { ...sources, env: {} });
  return { given: other, parsed: setting.schema.safeParse(other.value) };
}

function findGiven(key: string, setting: Setting, { flags, env, file }: SettingSources): Given {
  const option = new Option(setting.flag);
  const flag = flags[option.attributeName()];
  if (flag !== undefined) return { value: flag, origin: option.long ?? setting.flag };
  const variable = setting.env === undefined ? undefined : env[setting.env];
  if (setting.env !== undefined && variable !== undefined && variable !== '')
    return { value: variable, origin: setting.env };
  if (file !== undefined && Object.hasOwn(file, key))
    return { value: file[key], origin: `${key} in the configuration file` };
  return { value: setting.default, origin: option.long ?? setting.flag };
}

function describeFault(setting: Setting, given: Given, error: z.ZodError): string {
  const reasons = error.issues.map((issue) => issue.message).join('; ');
  const remedy = `${setting.flag}: ${setting.help}`;
  if (given.value === undefined) {
    const ways = setting.env === undefined ? '' : `, or set ${setting.env}`;
    return `${given.origin} is missing. Give ${remedy}${ways}`;
  }
  const shown = setting.secret === true ? '***' : withoutPasswords(JSON.stringify(given.value));
  return `${given.origin} cannot be ${shown} (${reasons}). ${remedy}`;
}

/** What stands before the @ of an address. */
const withoutPasswords = (text: string): string => text.replaceAll(/\/\/[^/@\s"]*@/g, '//***@');

function unknownKeys(settings: Settings, file: Readonly<Record<string, unknown>>): string[] {
  const unknown = Object.keys(file).filter((key) => !Object.hasOwn(settings, key));
  if (unknown.length === 0) return [];
  const known = Object.keys(settings).join(', ');
  return [`unknown setting in the configuration file: ${unknown.join(', ')}. Known settings: ${known}`];
}

/** The values as a plain object to print or log, secrets hidden. */
export function printableSettings<T extends Settings>(settings: T, values: SettingValues<T>): Record<string, unknown> {
  const entries = Object.entries(settings).map(([key, setting]): [string, unknown] => {
    const value: unknown = values[key];
    if (value === undefined) return [key, value];
    if (setting.secret === true) return [key, '***'];
    return [key, setting.shown === undefined ? value : setting.shown(value)];
  });
  return Object.fromEntries(entries);
}

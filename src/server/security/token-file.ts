import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AristarchError } from '../../base/errors.ts';
import { ROLES, type Principal } from './principal.ts';
import { watchFiles } from './watched-files.ts';

/** Below this a token can be guessed. */
const SHORTEST = 16;

const entrySchema = z
  .strictObject({
    name: z.string().min(1),
    role: z.enum(ROLES),
    token: z
      .string()
      .min(SHORTEST, { error: `a token has at least ${SHORTEST} characters` })
      .optional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/i, { error: 'sha256 is 64 hexadecimal digits' })
      .optional(),
  })
  .refine(({ token, sha256 }) => (token === undefined) !== (sha256 === undefined), {
    error: 'an entry has either "token" or "sha256"',
  });
const fileSchema = z.array(entrySchema).min(1, { error: 'at least one token is needed' });

/** The tokens of a file, which may change. */
export interface TokenFile {
  /** Whose token it is; undefined for one that is not in the file. */
  find(token: string): Principal | undefined;
  reload(): Promise<void>;
  stop(): void;
}

export interface TokenFileOptions {
  readonly path: string;
  readonly intervalMs: number;
  readonly onChange: (refused: AristarchError | undefined) => void;
}

/**
 * Opens the file of `--tokens`. Only hashes are kept in memory, and a token is looked up by its hash, so that the time that
 * takes tells nothing of the tokens. Throws `NOT_FOUND` or `INVALID_INPUT`, which names the entry, never the token.
 */
export async function openTokenFile({ path, intervalMs, onChange }: TokenFileOptions): Promise<TokenFile> {
  let principals: ReadonlyMap<string, Principal> = new Map();
  /** What was shown holds until the file changes. */
  const holdingNow = (): (() => boolean) => {
    const known = principals;
    return () => known === principals;
  };
  const watched = await watchFiles<'tokens'>({
    paths: { tokens: path },
    intervalMs,
    onChange,
    use: ({ tokens }) => {
      principals = parseTokens(tokens.toString('utf8'), path);
    },
  });
  return {
    find: (token) => {
      const found = principals.get(hashOf(token));
      return found && { ...found, holds: holdingNow() };
    },
    reload: watched.look,
    stop: watched.stop,
  };
}

/** By the SHA-256 of each token, in hexadecimal digits. */
export function parseTokens(text: string, path: string): ReadonlyMap<string, Principal> {
  const refuse = (why: string): never => {
    throw new AristarchError('INVALID_INPUT', `the tokens in ${path} cannot be used: ${why}`, { path });
  };
  const checked = fileSchema.safeParse(
    parseJson(text) ?? refuse('the file is not JSON; check commas, quotes and braces'),
  );
  if (!checked.success) {
    const { path: where, message } = checked.error.issues[0]!;
    return refuse(`${where.length === 0 ? '' : `entry ${where.join('.')}: `}${message}`);
  }
  const entries = checked.data.map(({ name, role, token, sha256 }) => {
    const hash = sha256?.toLowerCase() ?? hashOf(token!);
    return [hash, { name, roles: [role] }] as const;
  });
  const principals = new Map(entries);
  if (principals.size < entries.length) refuse('one token stands there twice');
  return principals;
}

/** Undefined for what is not JSON. The parser's own words would quote the file. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

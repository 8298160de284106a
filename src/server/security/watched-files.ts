import { readFile } from 'node:fs/promises';
import { AristarchError, messageOf } from '../../base/errors.ts';

/** Content by name; the names are the caller's own. */
export type FileContents<N extends string> = Readonly<Record<N, Buffer>>;

export interface WatchedFiles<N extends string> {
  /** Path by name. */
  readonly paths: Readonly<Record<N, string>>;
  readonly intervalMs: number;
  /** Turns the contents into what is used; throws where they cannot be used, and what was there before stays in use. */
  readonly use: (contents: FileContents<N>) => void;
  /** Told of each change: taken, or refused with the reason. */
  readonly onChange: (refused: AristarchError | undefined) => void;
}

/**
 * Reads the files, uses them, and looks again every interval: by content, not by the system's file events, which are lost
 * where Kubernetes swaps the link above a mounted secret. Throws at first when they cannot be read or used. Later a file that
 * is gone, half-written or wrong changes nothing, and is tried again.
 */
export async function watchFiles<N extends string>({ paths, intervalMs, use, onChange }: WatchedFiles<N>) {
  let inUse = await readAll(paths);
  use(inUse);
  let refused: string | undefined;
  const look = async (): Promise<void> => {
    try {
      const contents = await readAll(paths);
      if (isSame(contents, inUse)) return;
      use(contents);
      inUse = contents;
      refused = undefined;
      onChange(undefined);
    } catch (thrown) {
      const error = toFileError(thrown, paths);
      // Said once, not every interval.
      if (error.message !== refused) onChange(error);
      refused = error.message;
    }
  };
  const timer = setInterval(() => void look(), intervalMs);
  timer.unref();
  return { look, stop: () => clearInterval(timer) };
}

async function readAll<N extends string>(paths: Readonly<Record<N, string>>): Promise<FileContents<N>> {
  const entries = await Promise.all(
    Object.entries<string>(paths).map(async ([name, path]) => [name, await readOne(path)] as const),
  );
  return Object.fromEntries(entries) as FileContents<N>;
}

async function readOne(path: string): Promise<Buffer> {
  return await readFile(path).catch((cause: unknown) => {
    throw new AristarchError(
      'NOT_FOUND',
      `the file ${path} cannot be read (${messageOf(cause)}): check the path and its permissions`,
      { path },
    );
  });
}

function isSame<N extends string>(one: FileContents<N>, other: FileContents<N>): boolean {
  return Object.keys(one).every((name) => one[name as N].equals(other[name as N]));
}

/** What is thrown by `use` may quote what stands in the file; only our own words are passed on. */
function toFileError(thrown: unknown, paths: Readonly<Record<string, string>>): AristarchError {
  if (thrown instanceof AristarchError) return thrown;
  const files = Object.values(paths).join(', ');
  return new AristarchError('INVALID_INPUT', `${files} cannot be used: check what stands in there`, { files });
}

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { basename, isAbsolute, join, relative } from 'node:path';
import type { Dockerfile, Stage, Step } from './dockerfile.ts';

export interface BuildParts {
  /** The project: what `COPY` without `--from` copies of. */
  readonly context: string;
  /** Each stage gets a folder in it, which stands for the root of its file system. */
  readonly scratch: string;
  /** Folder with the programs that the base images bring, before those of this machine. */
  readonly programs: string;
  readonly say: (line: string) => void;
}

/** Programs write where the image would have them only if no path leads out of the stage's folder. */
const ABSOLUTE = /(^|[\s=>"'])\/(?!dev\/null)/;

/**
 * Does the steps of a Dockerfile on this machine, each stage in a folder of its own: the base images' files are this
 * machine's, everything else is as the Dockerfile has it. Answers the last stage's folder. Throws where a step fails.
 */
export function buildInFolders({ stages }: Dockerfile, parts: BuildParts): string {
  for (const stage of stages) {
    parts.say(`FROM ${stage.base} AS ${stage.name}: its files are this machine's`);
    buildStage(stage, parts);
  }
  return join(parts.scratch, stages.at(-1)!.name);
}

function buildStage({ name, steps }: Stage, parts: BuildParts): void {
  const root = join(parts.scratch, name);
  mkdirSync(root, { recursive: true });
  let folder = '/';
  const given: Record<string, string> = {};
  for (const step of steps) {
    if (step.kind === 'workdir') {
      folder = step.folder;
      mkdirSync(join(root, folder), { recursive: true });
    } else if (step.kind === 'argument') given[step.name] = step.value;
    else if (step.kind === 'copy') copy(step, root, folder, parts);
    else if (step.kind === 'run') run(step.command, join(root, folder), given, parts);
  }
}

function run(
  command: string,
  cwd: string,
  given: Readonly<Record<string, string>>,
  { programs, say }: BuildParts,
): void {
  if (ABSOLUTE.test(command)) throw new Error(`a step with an absolute path cannot be done in a folder: ${command}`);
  say(`RUN ${command}`);
  const env = { ...process.env, ...given, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
  const { status } = spawnSync('/bin/sh', ['-euc', command], { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`the step ended with status ${String(status)}: ${command}`);
}

function copy(
  step: Step & { kind: 'copy' },
  root: string,
  folder: string,
  { context, scratch, programs, say }: BuildParts,
): void {
  say(`COPY ${step.sources.join(' ')} ${step.to}`);
  const source = step.from === undefined ? context : join(scratch, step.from);
  const target = join(root, isAbsolute(step.to) ? step.to : join(folder, step.to));
  for (const path of step.sources) {
    const found = join(source, path);
    // What the base image brings is this machine's, and its programs are where they were installed.
    const from =
      existsSync(found) || step.from === undefined ? found : existsSync(path) ? path : join(programs, basename(path));
    const isFolder = statSync(from).isDirectory();
    // A folder's content is copied, a file under its name where the target is a folder.
    const to = !isFolder && step.to.endsWith('/') ? join(target, basename(path)) : target;
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter: (file) => !isIgnored(relative(from, file)) });
  }
}

/** Left behind by editors and tools; a checkout that is built from has none. */
function isIgnored(path: string): boolean {
  return path.split('/').includes('.DS_Store');
}

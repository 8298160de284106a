import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TFJS_NATIVE, TFJS_RECORD } from '../../src/runtime/tfjs/folder.ts';
import { runTool } from '../set-up/run-tool.ts';
import type { BuildTools } from './build-tools.ts';
import { tryOut, type Finding } from './try-out.ts';
import { WHEELS, type Plan } from './plan.ts';

const HERE = import.meta.dirname;
/** The newest interface of Node that the package's source is made for; an addon of it runs in Node 20 to 24. */
const NAPI = '8';

export interface BuildHooks {
  /** Called with a line when a step is done. */
  readonly say: (line: string) => void;
  readonly now: () => number;
  /** Stops it. */
  readonly signal?: AbortSignal | undefined;
}

/** Builds the plan in an empty folder, tries it out there, and writes the record last. Throws `UNAVAILABLE`, or the signal's reason. */
export async function build(folder: string, plan: Plan, tools: BuildTools, hooks: BuildHooks): Promise<Finding> {
  const { say, now, signal } = hooks;
  const run: Run = (command, args, remedy, cwd) => runTool(command, args, { remedy, cwd, signal });
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const started = now();
    const result = await work();
    say(`${what}: ${((now() - started) / 1000).toFixed(1)} s`);
    return result;
  };
  const native = join(folder, 'node_modules', TFJS_NATIVE);
  const [wheels, deps] = [join(folder, 'wheels'), join(native, 'deps')];
  await step(`${TFJS_NATIVE} from npm`, () => installPackage(run, folder, tools));
  await step(`${WHEELS[plan.variant]} ${plan.tensorflow} from PyPI`, async () => {
    await download(run, tools, wheels, [`${WHEELS[plan.variant]}==${plan.tensorflow}`], plan);
    const requirements = await unpack(run, tools, deps, wheels);
    if (plan.cudaLibraries) {
      await download(run, tools, wheels, requirements, plan);
      await unpack(run, tools, deps, wheels);
    }
    await rm(wheels, { recursive: true });
  });
  await step('the addon, compiled', () => compile(run, native, tools));
  for (const left of ['deps/include', 'build']) await rm(join(native, left), { recursive: true });
  await dropSources(join(folder, 'node_modules'));
  const finding = await step('tried out', () => tryOut(folder, signal));
  await writeFile(join(folder, TFJS_RECORD), `${JSON.stringify(recordOf(plan), null, 2)}\n`);
  return finding;
}

/** What two set-ups have in common that are the same. */
export function recordOf({ variant, tensorflow, cudaLibraries }: Plan): object {
  return { package: TFJS_NATIVE, variant, tensorflow, cudaLibraries };
}

type Run = (command: string, args: readonly string[], remedy: string, cwd?: string) => Promise<string>;

async function installPackage(run: Run, folder: string, { npm }: BuildTools): Promise<void> {
  await cp(join(HERE, 'package'), folder, { recursive: true });
  // Without its install script, which downloads.
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run(process.execPath, [...npm, ...flags], 'npm could not install it: is its registry to be reached?', folder);
}

/** Source maps and types, which nothing reads when it runs: a fifth of the whole. */
async function dropSources(folder: string): Promise<void> {
  for (const path of await readdir(folder, { recursive: true })) {
    if (/\.(map|ts)$/.test(path)) await rm(join(folder, path), { recursive: true });
  }
}

/** The wheels of one Python serve all: nothing of Python in them is used. TensorFlow has one for 3.12 since 2.16. */
async function download(
  run: Run,
  { python }: BuildTools,
  folder: string,
  requirements: readonly string[],
  { tensorflow }: Plan,
): Promise<void> {
  const version = Number(tensorflow.split('.')[1]) < 16 ? '3.11' : '3.12';
  const platforms = ['manylinux_2_28', 'manylinux_2_27', 'manylinux_2_17', 'manylinux2014', 'manylinux1'];
  const flags = [
    ...['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', folder],
    ...['--only-binary=:all:', '--implementation', 'cp', '--python-version', version],
    ...platforms.flatMap((platform) => ['--platform', `${platform}_x86_64`]),
  ];
  const remedy = `pip could not download ${requirements.join(', ')}: is PyPI to be reached, and is there such a version?`;
  await run(python, [...flags, ...requirements], remedy);
}

/** Answers with the requirements of CUDA that TensorFlow's wheel names. */
async function unpack(run: Run, { python }: BuildTools, deps: string, wheels: string): Promise<string[]> {
  const paths = (await readdir(wheels)).map((name) => join(wheels, name));
  const said = await run(python, [join(HERE, 'unpack.py'), deps, ...paths], 'the wheel could not be unpacked:');
  for (const path of paths) await rm(path);
  return said.split('\n').filter((line) => line !== '');
}

async function compile(run: Run, native: string, { nodeGyp, headers, python }: BuildTools): Promise<void> {
  const flags = [
    ...['rebuild', '--silent', `--nodedir=${headers}`, `--python=${python}`, '--module_name=tfjs_binding'],
    ...[`--module_path=${join(native, `lib/napi-v${NAPI}`)}`, `--napi_build_version=${NAPI}`],
    `--napi_version=${process.versions['napi'] ?? NAPI}`,
  ];
  await run(process.execPath, [nodeGyp, ...flags], 'the addon could not be compiled:', native);
}

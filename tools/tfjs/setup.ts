import { existsSync, readFileSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { toAristarchError } from '../../src/base/errors.ts';
import { writeFolder } from '../../src/base/files.ts';
import { TFJS_RECORD } from '../../src/runtime/tfjs/folder.ts';
import { runSetUp } from '../set-up/main.ts';
import { build, recordOf } from './build.ts';
import { findBuildTools, thisMachine } from './build-tools.ts';
import { HELP, parsePlan, type Plan, type Variant } from './plan.ts';
import { tryOut, type Finding } from './try-out.ts';

const say = (line: string): void => console.log(line);

async function setUpTensorFlow(signal: AbortSignal): Promise<void> {
  const plan = parsePlan(process.argv.slice(2), process.env);
  if (plan === undefined) {
    say(HELP);
    return;
  }
  const finding = (await findWhole(plan, signal)) ?? (await setUp(plan, signal));
  say(`${finding.description}: ${plan.folder}, ${((await sizeOfFolder(plan.folder)) / 1e9).toFixed(1)} GB`);
  say(VERDICTS[plan.variant](finding));
}

/** What is there already, if it is what is planned, and works. */
async function findWhole(plan: Plan, signal: AbortSignal): Promise<Finding | undefined> {
  const path = join(plan.folder, TFJS_RECORD);
  if (plan.force || !existsSync(path)) return undefined;
  try {
    if (!isDeepStrictEqual(JSON.parse(readFileSync(path, 'utf8')), recordOf(plan))) return undefined;
    const finding = await tryOut(plan.folder, signal);
    say('TensorFlow is set up already; --force builds it anew');
    return finding;
  } catch (thrown) {
    signal.throwIfAborted();
    say(`what is there cannot be used, and is built anew: ${toAristarchError(thrown).message}`);
    return undefined;
  }
}

async function setUp(plan: Plan, signal: AbortSignal): Promise<Finding> {
  const tools = await findBuildTools(plan, thisMachine());
  await removeLeftovers(plan.folder);
  let finding: Finding | undefined;
  const fill = async (folder: string): Promise<void> => {
    finding = await build(folder, plan, tools, { say, now: () => performance.now(), signal });
  };
  await writeFolder(plan.folder, fill, {
    mayReplace: (folder) => Promise.resolve(existsSync(join(folder, TFJS_RECORD))),
  });
  return finding!;
}

/** What a set-up left that was cut off: it may be gigabytes. */
async function removeLeftovers(folder: string): Promise<void> {
  const beside = dirname(folder);
  const left = existsSync(beside) ? await readdir(beside) : [];
  for (const name of left.filter((each) => each.startsWith(`.${basename(folder)}.tmp-`)))
    await rm(join(beside, name), { recursive: true, force: true });
}

const VERDICTS: { readonly [V in Variant]: (finding: Finding) => string } = {
  cpu: () => '--device tfjs trains and scores on it, on the processor',
  gpu: ({ usesGpu }) =>
    usesGpu
      ? '--device tfjs trains and scores on it, on the GPU'
      : "It found no GPU that it can use, and computes on the processor: it needs NVIDIA's driver (nvidia-smi must answer), CUDA 12.5 " +
        'or newer of its line, and cuDNN 9 (--cuda-libraries brings those two)',
};

async function sizeOfFolder(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}

await runSetUp(setUpTensorFlow);

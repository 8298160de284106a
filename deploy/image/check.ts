// Builds the image's files without a container engine, and serves from them as the image would: by its own Node, as its own
// user, who may write nowhere but in /tmp. Usage: npm run check:image [-- --write]   (--write: docs/image-check.md)
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { writeDocument } from '../../bench/support/documents.ts';
import { describeContents } from './contents.ts';
import { parseDockerfile } from './dockerfile.ts';
import { askForCuda } from './ask-for-cuda.ts';
import { serveAndScore } from './serve-and-score.ts';
import { buildInFolders } from './steps.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const started = performance.now();
const said: string[] = [];
const say = (line: string): void => {
  said.push(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  console.log(said.at(-1));
};

/** Components of the image that npm does not know of. */
const BESIDES = ['node', 'duckdb-extension-httpfs'];

const dockerfile = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'aristarch-image-'));
chmodSync(scratch, 0o755);
try {
  const programs = installNode(nodeVersion());
  const root = buildInFolders(dockerfile, { context: ROOT, scratch, programs, say });
  say(describeContents(join(root, 'app'), BESIDES));
  await serveAndScore({ root, scratch, programs, dockerfile, say });
  say('the image’s files serve');
  await checkGpuImage(root, programs);
  if (process.argv.includes('--write')) await writeDocument('image-check.md', page());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The other image is made of this one's files: its stage `service` is their folder. */
async function checkGpuImage(service: string, programs: string): Promise<void> {
  const gpu = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile.gpu'), 'utf8'));
  const folder = join(scratch, 'gpu');
  mkdirSync(folder);
  symlinkSync(service, join(folder, 'service'));
  say('Dockerfile.gpu:');
  const root = buildInFolders(gpu, { context: ROOT, scratch: folder, programs, say });
  say(describeContents(join(root, 'app'), [...BESIDES, 'nvidia/cuda', 'onnxruntime-gpu']));
  const parts = { root, scratch: folder, programs, dockerfile: gpu, say };
  await serveAndScore(parts);
  askForCuda(parts);
}

function page(): string {
  const machine = `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} cores, shared with other work`;
  return [
    '# The image without a container engine',
    '',
    `Written by \`npm run check:image -- --write\` on ${machine}. Each step of Dockerfile, and then of Dockerfile.gpu, is done in a folder that stands for its stage; the files of`,
    'base images are this machine’s, but Node, which is the image’s version. Most of the time goes to `npm ci`. No image was built: layers, base images, and a read-only root are not shown.',
    '',
    '```',
    ...said,
    '```',
    '',
  ].join('\n');
}

/** Of the last stage's base image. */
function nodeVersion(): string {
  const { base } = dockerfile.stages.at(-1)!;
  const version = /^node:(\d+\.\d+\.\d+)-/.exec(base)?.[1];
  if (version === undefined) throw new Error(`${base} names no version of Node`);
  return version;
}

/** The image's Node from npm's registry; a folder to look for programs in. */
function installNode(version: string): string {
  const folder = join(scratch, 'node');
  const name = `node-linux-${process.arch}`;
  mkdirSync(folder);
  say(`Node ${version} from ${name}`);
  const install = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${version}`];
  if (spawnSync('npm', install, { stdio: 'ignore' }).status !== 0)
    throw new Error(`${name}@${version} cannot be installed`);
  return join(folder, 'node_modules', name, 'bin');
}

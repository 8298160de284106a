// Builds the image's files without a container engine, and serves from them as the image would: by its own Node, as its own
// user, who may write nowhere but in /tmp. Usage: npm run check:image
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseDockerfile } from './dockerfile.ts';
import { serveAndScore } from './serve-and-score.ts';
import { buildInFolders } from './steps.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const started = performance.now();
const say = (line: string): void =>
  console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`);

const dockerfile = parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'aristarch-image-'));
chmodSync(scratch, 0o755);
try {
  const programs = installNode(nodeVersion());
  const root = buildInFolders(dockerfile, { context: ROOT, scratch, programs, say });
  describe(join(root, 'app'));
  await serveAndScore({ root, scratch, programs, dockerfile, say });
  say('the image’s files serve');
} finally {
  rmSync(scratch, { recursive: true, force: true });
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

function describe(app: string): void {
  const bill = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8')) as { components: { name: string }[] };
  const listed = new Set(bill.components.map(({ name }) => name));
  const packages = readdirSync(join(app, 'node_modules')).filter(
    (name) => !name.startsWith('.') && !name.startsWith('@'),
  );
  const unlisted = packages.filter((name) => !listed.has(name));
  if (unlisted.length > 0) throw new Error(`packages that the bill of materials does not list: ${unlisted.join(', ')}`);
  if (packages.includes('typescript')) throw new Error('packages of development are in the image');
  const size = spawnSync('du', ['-sm', app], { encoding: 'utf8' }).stdout.split('\t')[0];
  say(`${size ?? '?'} MB in /app; ${listed.size} packages in sbom.cdx.json`);
}

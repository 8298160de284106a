import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { CUDA_PROVIDER_LIBRARIES, CUDA_PROVIDER_RECORD } from '../../src/runtime/onnxruntime/cuda-provider.ts';
import { parseDockerfile } from '../../deploy/image/dockerfile.ts';
import { buildInFolders } from '../../deploy/image/steps.ts';
import { runTool } from '../support/chart.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));
const FILES = ['Dockerfile', 'Dockerfile.gpu'];

describe.each(FILES)('%s', (file) => {
  const dockerfile = parseDockerfile(read(file));

  it('runs as a user by number who is not root, the one of the chart', () => {
    expect(dockerfile.user).toBe('10001:10001');
    expect(read('deploy/helm/aristarch/values.yaml')).toContain('userId: 10001');
  });

  it('says what it is, in the version of the project', () => {
    expect(dockerfile.labels).toMatchObject({
      'org.opencontainers.image.title': 'aristarch',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': '${REVISION}',
    });
    expect(read(file)).toContain('ARG REVISION=');
  });

  it('is made of images that do not move: of a named version, by their digest', () => {
    const foreign = dockerfile.stages.map(({ base }) => base).filter((base) => !base.startsWith('aristarch:'));
    expect(foreign.filter((base) => !/^[\w./-]+:\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/.test(base))).toEqual([]);
    expect(foreign.length).toBeGreaterThan(0);
  });

  it('starts what is there', () => {
    expect(dockerfile.entrypoint).toEqual(['/app/bin/aristarch']);
    expect(statSync(join(ROOT, 'deploy/image/aristarch')).mode & 0o111).not.toBe(0);
  });
});

describe('the image for GPUs', () => {
  const [processors, gpus] = FILES.map((file) => parseDockerfile(read(file)));
  const environment = (stages: typeof processors) =>
    Object.assign(
      {},
      ...stages!.stages.at(-1)!.steps.map((step) => (step.kind === 'env' ? step.values : {})),
    ) as object;

  it('is that for processors, with other libraries', () => {
    const common = { NODE_ENV: 'production', ARISTARCH_DUCKDB_HTTPFS: '/app/lib/httpfs.duckdb_extension' };
    expect([environment(processors), environment(gpus)]).toEqual([
      expect.objectContaining(common),
      expect.objectContaining(common),
    ]);
    const copied = gpus!.stages
      .at(-1)!
      .steps.flatMap((step) => (step.kind === 'copy' ? [`${step.from!} ${step.to}`] : []));
    expect(copied).toContain('service ./');
    expect(copied).toContain('provider node_modules/onnxruntime-node/bin/napi-v6/linux/x64/');
    expect(existsSync(join(ROOT, 'node_modules/onnxruntime-node/bin/napi-v6/linux/x64'))).toBe(true);
  });

  it("has the libraries of CUDA's provider, and the record of them, by which doctor names its version", () => {
    const laid = [...CUDA_PROVIDER_LIBRARIES, CUDA_PROVIDER_RECORD];
    const [provider, last] = [gpus!.stages.find(({ name }) => name === 'provider')!, gpus!.stages.at(-1)!];
    const runs = provider.steps.flatMap((step) => (step.kind === 'run' ? [step.command] : [])).join('\n');
    expect(runs).toMatch(new RegExp(`unpack.py \\S+ provider \\S+ ${[laid[2], laid[0], laid[1]].join('\\s+')}`));
    const sources = last.steps.flatMap((step) =>
      step.kind === 'copy' && step.from === 'provider' ? step.sources : [],
    );
    expect(sources.toSorted()).toEqual(laid.map((name) => `/build/provider/${name}`).toSorted());
  });
});

describe('the Dockerfile', () => {
  const copied = parseDockerfile(read('Dockerfile')).stages.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'copy' && step.from === undefined ? step.sources : [])),
  );

  it('copies what is there, and what .dockerignore lets through', () => {
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const lines = read('.dockerignore').split('\n');
    expect(lines[1]).toBe('*');
    expect(copied.filter((path) => !lines.includes(`!${path.replace(/\/$/, '')}`))).toEqual([]);
  });

  it('takes the extension of the version of DuckDB that is locked, and the provider of that of ONNX Runtime', () => {
    const versionIn = (file: string, project: string) =>
      new RegExp(`^${project}==([\\d.]+)`, 'm').exec(read(file))?.[1];
    const extension = versionIn('deploy/image/wheels.txt', 'duckdb-extension-httpfs');
    expect(extension).toBe(versionIn('.ci/requirements.txt', 'duckdb-extension-httpfs'));
    expect(read('Dockerfile')).toContain(`/extensions/v${extension}/`);
    const locked = /"onnxruntime-node": "([\d.]+)"/.exec(read('package.json'))?.[1];
    expect(versionIn('deploy/image/wheels-gpu.txt', 'onnxruntime-gpu')).toBe(locked);
    expect(read('Dockerfile.gpu')).toContain(`wheel/*.whl provider ${locked} `);
  });

  it.each(FILES)('of %s takes nothing from PyPI but by its hashes', (file) => {
    const runs = parseDockerfile(read(file)).stages.flatMap(({ steps }) =>
      steps.flatMap((step) => (step.kind === 'run' && step.command.includes('pip ') ? [step.command] : [])),
    );
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatch(/--require-hashes .*--requirement wheels/);
  });
});

describe('the bill of materials', () => {
  const data = useDataFolder();
  const complete = (...given: string[]) => {
    const file = data.path('sbom.json');
    writeFileSync(file, JSON.stringify({ components: [{ type: 'library', name: 'zod', version: '4.0.0' }] }));
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools/complete-sbom.mjs'), file, ...given]);
    return {
      status,
      stderr: stderr.toString(),
      bill: JSON.parse(readFileSync(file, 'utf8')) as { components: object[] },
    };
  };

  it('names the base image with its digest, Node, and each wheel', () => {
    const [base, gpu] = FILES.map((file) => parseDockerfile(read(file)).stages.at(-1)!.base);
    const wheels = ['wheels.txt', 'wheels-gpu.txt'].map((name) => join(ROOT, 'deploy/image', name));
    const { bill } = complete(`container:${base}`, 'application:node@24.21.0', `container:${gpu}`, ...wheels);
    const digest = (image = '') => [{ alg: 'SHA-256', content: image.split('sha256:')[1] }];
    expect(bill.components).toEqual([
      { type: 'library', name: 'zod', version: '4.0.0' },
      expect.objectContaining({ type: 'container', name: 'node', hashes: digest(base) }),
      { type: 'application', name: 'node', version: '24.21.0' },
      expect.objectContaining({
        name: 'nvidia/cuda',
        version: '13.0.2-cudnn-runtime-ubuntu24.04',
        hashes: digest(gpu),
      }),
      expect.objectContaining({ name: 'duckdb-extension-httpfs', purl: 'pkg:pypi/duckdb-extension-httpfs@1.5.5' }),
      expect.objectContaining({ name: 'onnxruntime-gpu', purl: 'pkg:pypi/onnxruntime-gpu@1.30.0' }),
    ]);
  });

  it('is not written where something is named in another way', () => {
    const { status, stderr, bill } = complete('container:node:24');
    expect([status, bill.components.length]).toEqual([1, 1]);
    expect(stderr).toContain('found container:node:24');
  });
});

needs('tool:hadolint').describe('hadolint', () => {
  it.each(FILES)('has nothing to say of %s', (file) => {
    expect(runTool('hadolint', [join(ROOT, file)])).toEqual({ status: 0, text: '' });
  });

  it('has, of an image that moves', () => {
    expect(runTool('hadolint', ['-'], 'FROM node:latest\n').text).toMatch(/DL3007/);
  });
});

describe('the steps of a Dockerfile, done in folders', () => {
  let scratch: string;
  beforeEach(() => void (scratch = mkdtempSync(join(tmpdir(), 'aristarch-steps-'))));
  afterEach(() => rmSync(scratch, { recursive: true, force: true }));
  const build = (text: string): string => {
    writeFileSync(join(scratch, 'input.txt'), 'given');
    const parts = { context: scratch, scratch, programs: '/nowhere', say: () => undefined };
    return buildInFolders(parseDockerfile(text), parts);
  };

  it('run, copy and hand over as they stand', () => {
    const root = build(`ARG BASE=a:1
FROM \${BASE} AS one
ARG BASE
WORKDIR /build
COPY input.txt in/
RUN cat in/input.txt >out.txt \\
  && echo "more of \${BASE}" >>out.txt
FROM b:2
WORKDIR /app
COPY --from=one /build/ all/
COPY --from=one /build/out.txt /etc/x.txt
`);
    expect(readFileSync(join(root, 'etc/x.txt'), 'utf8')).toBe('givenmore of a:1\n');
    expect(readFileSync(join(root, 'app/all/in/input.txt'), 'utf8')).toBe('given');
  });

  it('stop at one that fails, that leaves its folder, or that nobody knows', () => {
    expect(() => build('FROM a:1\nRUN exit 3\n')).toThrow('ended with status 3');
    expect(() => build('FROM a:1\nRUN ln -s /app /usr/local/bin/x\n')).toThrow('absolute path');
    expect(() => build('FROM a:1\nCOPY absent.txt ./\n')).toThrow('ENOENT');
    expect(() => build('FROM a:1\nVOLUME /data\n')).toThrow('there is no step for VOLUME');
  });
});

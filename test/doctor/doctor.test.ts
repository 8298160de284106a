import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createDoctorCommand } from '../../src/doctor/command.ts';
import { findGraphics } from '../../src/doctor/graphics.ts';
import { findMachine } from '../../src/doctor/machine.ts';
import type { DoctorReport } from '../../src/doctor/report.ts';
import { differenceOf } from '../../src/doctor/self-test.ts';
import type { SelfTestCommand } from '../../src/doctor/verdict.ts';
import { useDataFolder } from '../support/data-files.ts';
import { startKafkaBroker } from '../support/kafka-broker.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const data = useDataFolder();

/** A self-test that runs this script. */
const script = (text: string): [string, ...string[]] => [process.execPath, '-e', text];
/** As the command prints it, after a line of a driver's own. */
const answer = (result: object): [string, ...string[]] =>
  script(`console.log('{driver} hello'); console.log(${JSON.stringify(JSON.stringify(result, null, 2))})`);

const GOOD = {
  ...{ hardware: { kind: 'gpu', name: 'NVIDIA H100', isIdentified: true } },
  ...{ description: 'an engine', difference: 1e-7, agrees: true, rowsPerSecond: 1000, rows: 4096 },
  ...{ oneRowMs: 0.5, startMs: 10, remarks: [] },
};
/** Each device in another plight. */
const PLIGHTS: Readonly<Record<string, [string, ...string[]]>> = {
  cpu: answer({ ...GOOD, device: 'cpu' }),
  webgpu: script("process.kill(process.pid, 'SIGSEGV'); setTimeout(() => {}, 60000)"),
  cuda: script('setTimeout(() => {}, 60000)'),
  tfjs: script(
    "console.error(JSON.stringify({ error: { message: 'no TF.js' } })); console.error('bye'); process.exit(1)",
  ),
};

async function consult(selfTest: SelfTestCommand, ...args: string[]) {
  const terminal = createListeningTerminal();
  await createDoctorCommand({ terminal, env: {}, selfTest }).parseAsync(args, { from: 'user' });
  return { out: terminal.out(), err: terminal.err(), code: terminal.exitCode() ?? 0 };
}
const byDevice = (out: string): Readonly<Record<string, unknown>> =>
  Object.fromEntries((JSON.parse(out) as DoctorReport).devices.map((verdict) => [verdict.device, verdict]));

describe('aristarch doctor', () => {
  it('outlives a device that crashes, one that hangs and one that is refused, and says which is which', async () => {
    const { out, code } = await consult((device) => PLIGHTS[device]!, '--json', '--self-test-limit', '6');
    expect(byDevice(out)).toMatchObject({
      cpu: { outcome: 'works', result: { rowsPerSecond: 1000 } },
      webgpu: { outcome: 'crashed', reason: 'its process was ended by SIGSEGV' },
      cuda: { outcome: 'silent', reason: 'no answer within 6 s' },
      tfjs: { outcome: 'refused', reason: 'no TF.js' },
    });
    expect(code).toBe(0);
  });

  it('reports scores that are no numbers', async () => {
    const result = { ...GOOD, device: 'cpu', difference: null, agrees: false };
    const { out, code } = await consult(() => answer(result));
    expect(out).toContain('WRONG SCORES, not to be used');
    expect(out).toContain('some scores are no numbers');
    expect(code).toBe(1);
  });

  it('says so where scores are wrong, where an answer is none, and where a program is not there', async () => {
    const plights: typeof PLIGHTS = {
      ...{ cpu: answer({ ...GOOD, device: 'cpu', agrees: false }), webgpu: script("console.log('hello')") },
      ...{ cuda: ['/no/such/program'], tfjs: script("console.error('out of memory'); process.exit(134)") },
    };
    const { out, code } = await consult((device) => plights[device]!, '--json');
    expect(byDevice(out)).toMatchObject({
      cpu: { outcome: 'disagrees' },
      webgpu: { outcome: 'crashed', reason: expect.stringContaining('cannot be read') as unknown },
      cuda: { outcome: 'crashed', reason: expect.stringContaining('ENOENT') as unknown },
      tfjs: { outcome: 'crashed', reason: 'its process ended with 134: out of memory' },
    });
    // Nothing works without the CPU.
    expect(code).toBe(1);
  });

  it('tells people of the machine, the engines and each device', async () => {
    const { out } = await consult((device) => PLIGHTS[device]!, '--self-test-limit', '6');
    expect(out).toMatch(/^This machine\n {2}system +\w+ .*, Node v/);
    expect(out).toMatch(/onnxruntime +1\.\d+\.\d+, built for cpu, webgpu/);
    expect(out).toMatch(/cpu +works, 1,000 rows\/s in calls of 4,096, 0\.50 ms a call of one row/);
    expect(out).toContain(' computed on NVIDIA H100 (a GPU) by an engine\n');
    expect(out).toMatch(
      /webgpu +CRASHED: its process was ended by SIGSEGV\n {2}cuda +HANGS: .*\n {2}tfjs +refused: no TF\.js/,
    );
  });

  it('ends with 1 where a broker that was named does not answer', async () => {
    const selfTest = (): [string, ...string[]] => PLIGHTS['cpu']!;
    const { out, code } = await consult(selfTest, '--brokers', '127.0.0.1:9', '--json');
    expect((JSON.parse(out) as DoctorReport).brokers).toMatchObject([
      { broker: '127.0.0.1:9', answers: false, reason: expect.stringContaining('ECONNREFUSED') as unknown },
    ]);
    expect(code).toBe(1);
  });

  needs('broker').it(
    'asks a broker that runs',
    async () => {
      await using broker = await startKafkaBroker();
      const { out, code } = await consult(() => PLIGHTS['cpu']!, '--brokers', broker.address);
      expect(out).toMatch(/Brokers\n {2}\S+ +answers, in \d+ ms/);
      expect(code).toBe(0);
    },
    180_000,
  );
});

describe('a self-test', () => {
  it('of the CPU, by the command itself, agrees with itself', async () => {
    const args = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), 'doctor', '--self-test', 'cpu', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, '--self-test-seconds', '0.1']);
    const result = JSON.parse(stdout) as typeof GOOD;
    expect(result).toMatchObject({ device: 'cpu', difference: 0, agrees: true, rows: 4096 });
    expect(result.rowsPerSecond).toBeGreaterThan(1000);
  });

  needs('swiftshader').it(
    'of WebGPU on Vulkan in software agrees with the CPU',
    async () => {
      const args = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), 'doctor', '--self-test', 'webgpu', '--json'];
      const env = { ...process.env, VK_ICD_FILENAMES: swiftShaderPath() };
      const { stdout } = await promisify(execFile)(process.execPath, [...args, '--self-test-seconds', '0.1'], { env });
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ device: 'webgpu', agrees: true },
        hardware: { kind: 'processor', name: 'Vulkan by vk_swiftshader_icd.json' },
      });
    },
    120_000,
  );

  it('of TF.js agrees with the CPU, and says what TF.js computes on', async () => {
    const args = ['--import', 'tsx', join(ROOT, 'src/cli.ts'), 'doctor', '--self-test', 'tfjs', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [...args, '--self-test-seconds', '0.1']);
    // TensorFlow's own library writes lines of its own where it is set up.
    const result = JSON.parse(stdout.slice(stdout.indexOf('{\n'))) as typeof GOOD;
    expect(result).toMatchObject({ device: 'tfjs', agrees: true, rows: 4096 });
    expect(result.difference).toBeLessThan(1e-4);
    expect(result.rowsPerSecond).toBeGreaterThan(1000);
    if (needs('gpu').available) return;
    expect(result.hardware).toEqual({ kind: 'processor', name: cpus()[0]?.model.trim(), isIdentified: true });
    expect(result.description).toMatch(
      needs('tensorflow').available ? /TensorFlow 2\.\d+\.\d+ on processors/ : /backend wasm/,
    );
  }, 120_000);

  it('fails by one wrong score, and by one that is none', () => {
    const right = Float32Array.of(1, 2, 3);
    expect(differenceOf(Float32Array.of(1, 2, 3), right)).toBe(0);
    expect(differenceOf(Float32Array.of(1, 2.3, 3), right)).toBeCloseTo(0.1);
    expect(differenceOf(Float32Array.of(1, NaN, 3), right)).toBeNaN();
    expect(differenceOf(Float32Array.of(1, 2), right)).toBeNaN();
  });
});

describe('doctor where ONNX Runtime does not load', () => {
  /** A hook of Node's loader that refuses the package, as its addon does where a library is missing. */
  const HOOKS = `export async function resolve(specifier, context, next) {
    if (specifier === 'onnxruntime-node') throw new Error('libonnxruntime.so.1: cannot open');
    return next(specifier, context);
  }`;
  const REFUSAL = 'ONNX Runtime does not load: .*libonnxruntime.so.1: cannot open. Install';

  it('starts, and says so of each of its devices', async () => {
    const hooks = await data.write('hooks.mjs', HOOKS);
    const loader = await data.write(
      'loader.mjs',
      `import { register } from 'node:module'; register(${JSON.stringify(pathToFileURL(hooks).href)});`,
    );
    const args = ['--import', 'tsx', '--import', pathToFileURL(loader).href, join(ROOT, 'src/cli.ts'), 'doctor'];
    const ended = await promisify(execFile)(process.execPath, [...args, '--json', '--self-test-seconds', '0.1']).then(
      () => undefined,
      (thrown: unknown) => thrown as { code: number; stdout: string },
    );
    expect(ended?.code).toBe(1);
    const { engines, devices } = JSON.parse(ended!.stdout) as DoctorReport;
    expect(engines.onnxruntime).toMatchObject({
      ...{ providers: [], fault: expect.stringContaining('libonnxruntime.so.1: cannot open') as unknown },
    });
    const refusal = (start: string): unknown => expect.stringMatching(new RegExp(`^device ${start}.*${REFUSAL}`));
    expect(devices).toEqual([
      { device: 'cpu', outcome: 'refused', reason: refusal('cpu cannot be used here') },
      { device: 'webgpu', outcome: 'refused', reason: refusal('webgpu cannot be used here') },
      { device: 'cuda', outcome: 'refused', reason: refusal('cuda cannot be used here') },
      { device: 'tfjs', outcome: 'refused', reason: refusal('tfjs computes, and there are no scores') },
    ]);
  }, 60_000);
});

describe('what is there of memory', () => {
  const GIBIBYTE = 2 ** 30;

  it('is what a container may have, and what is left of that', () => {
    const memory = { constrainedMemory: () => GIBIBYTE / 2, availableMemory: () => GIBIBYTE / 8 };
    expect(findMachine('.', memory)).toMatchObject({ memoryBytes: GIBIBYTE / 2, freeMemoryBytes: GIBIBYTE / 8 });
  });

  it.each([0, 2 ** 64])("is the machine's own where the limit is %d, which is none", (limit) => {
    const memory = { constrainedMemory: () => limit, availableMemory: () => GIBIBYTE };
    expect(findMachine('.', memory)).toMatchObject({ memoryBytes: totalmem(), freeMemoryBytes: GIBIBYTE });
  });
});

describe('what is there of graphics', () => {
  it('is what nvidia-smi says, and the drivers that the environment names', async () => {
    const program = await data.write('nvidia-smi', "#!/bin/sh\necho 'NVIDIA H100, 580.65.06, 81559 MiB'\n");
    await chmod(program, 0o755);
    const driver = await data.write('icd.json', '{}');
    const PATH = `${dirname(program)}:/usr/bin:/bin`;
    const found = await findGraphics({ PATH, VK_ICD_FILENAMES: `${driver}:/no/such.json` });
    expect(found.nvidia).toMatchObject({ gpus: ['NVIDIA H100, driver 580.65.06, 81559 MiB'], absence: undefined });
    expect(found.vulkan.drivers).toEqual([driver]);
  });

  it('is nothing of NVIDIA without its program', async () => {
    const { nvidia } = await findGraphics({ PATH: '/no/such/folder' });
    expect(nvidia).toMatchObject({ gpus: [], absence: 'no nvidia-smi on PATH' });
  });
});

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { createProbe } from '../../src/runtime/probe.ts';
import { openExecutor } from '../../src/runtime/open-executor.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const hasGpu = needs('gpu').available;
const withoutGpu = hasGpu ? it.skip : it;

describe('a device', () => {
  const ignore = (): void => undefined;

  withoutGpu('that was asked for by name and cannot be used is an error that says why and what to do', async () => {
    const opening = openExecutor({ device: 'cuda', threads: 1, warn: ignore });
    await expect(opening).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: expect.stringMatching(/device cuda cannot be used here: .+use --device cpu/) as unknown,
    });
    // Before its libraries are opened, so that products are of single precision.
    expect(process.env['NVIDIA_TF32_OVERRIDE']).toBe('0');
  });

  withoutGpu('chosen by auto falls back to the CPU, and says so in one short line', async () => {
    const said: string[] = [];
    const executor = await openExecutor({ device: 'auto', threads: 1, warn: (message) => said.push(message) });
    expect(executor.device).toBe('cpu');
    expect(said).toEqual([expect.stringMatching(/^device: cpu \(cuda: .{1,60}\)$/)]);
    await executor.close();
  });

  it('that computes something wrong does not pass the probe', () => {
    const wrong = { y: { data: Float32Array.of(15), shape: [1, 1] } };
    expect(() => createProbe().check(wrong)).toThrow('the device computed 15 where 16 is right');
  });
});

/** On a Vulkan device in software, in processes of their own, since a driver is chosen when a process starts. */
needs('swiftshader').describe('WebGPU', () => {
  const folder = useDataFolder();

  // With Fourier features, whose cosines are our own: WGSL allows its sine and cosine an error of 2^-11.
  it('trains to the scores of the CPU, and has every operator of a step on the device', async () => {
    const data = await folder.writeParquet(
      'rows.parquet',
      'SELECT sin(i) AS a, cos(i * 1.7) AS b FROM range(300) t(i)',
    );
    const train = async (device: string): Promise<readonly number[]> => {
      const out = folder.path(device);
      const small = ['--members', 'wasserstein', '--hidden', '16,16', '--fourier-features', '16', '--steps', '5'];
      const flags = [
        '--data',
        data,
        '--out',
        out,
        '--cross-below',
        '0',
        '--no-generator',
        '--device',
        device,
        ...small,
      ];
      const { stderr } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', join(ROOT, 'src/cli.ts'), 'train', ...flags],
        {
          env: { ...process.env, VK_ICD_FILENAMES: swiftShaderPath() },
        },
      );
      expect(stderr).not.toMatch(/a step of .* run on the CPU/);
      // The log proves it where it is a matter of proof, and names what computed.
      expect(/a step of .*: all \d+ operators run on webgpu/.test(stderr)).toBe(device === 'webgpu');
      const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8')) as Manifest;
      expect(manifest.training.device).toContain(` ${device}, `);
      expect(manifest.training.device.includes(', on Vulkan by vk_swiftshader_icd.json')).toBe(device === 'webgpu');
      return manifest.calibration.scores;
    };
    const [cpu, webgpu] = [await train('cpu'), await train('webgpu')];
    expect(webgpu).toHaveLength(cpu.length);
    const worst = Math.max(...cpu.map((score, index) => Math.abs(score - webgpu[index]!) / (1 + Math.abs(score))));
    // Steps whose sums are rounded otherwise lead apart, by and by.
    expect(worst).toBeLessThan(1e-3);
  }, 600_000);
});

interface Manifest {
  readonly training: { readonly device: string };
  readonly calibration: { readonly scores: readonly number[] };
}

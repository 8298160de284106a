import { mkdir } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { isWorth, type Crossing } from '../../../src/runtime/choice/choose.ts';
import { CROSSINGS, UNMEASURED } from '../../../src/runtime/choice/crossings.ts';
import { findHardware } from '../../../src/runtime/choice/hardware.ts';
import { widthOf, type Work } from '../../../src/runtime/choice/work.ts';
import type { Device, Executor } from '../../../src/runtime/executor.ts';
import { openBest, type AutoParts } from '../../../src/runtime/open-executor.ts';
import { useDataFolder } from '../../support/data-files.ts';

const FAST = { training: 512, scoring: { '256': 4096, '1024': 16 }, images: 32 };
const NEVER = { training: null, scoring: { '256': null, '1024': null }, images: null };

describe('whether work is worth a device', () => {
  it.each<[Work, boolean]>([
    [{ kind: 'scoring', rows: 4096, width: 256 }, true],
    [{ kind: 'scoring', rows: 4095, width: 256 }, false],
    // Between two widths that were measured the smaller one counts.
    [{ kind: 'scoring', rows: 16, width: 1023 }, false],
    [{ kind: 'scoring', rows: 16, width: 1024 }, true],
    [{ kind: 'scoring', rows: 1_000_000, width: 255 }, false],
    [{ kind: 'training', rows: 256, width: 512 }, true],
    [{ kind: 'training', rows: 64, width: 512 }, false],
    [{ kind: 'training', rows: 256, width: 511 }, false],
    [{ kind: 'images', size: 32 }, true],
    [{ kind: 'images', size: 28 }, false],
  ])('is judged by its size: %j, %p', (work, expected) => {
    expect(isWorth(FAST, work)).toBe(expected);
    expect(isWorth(NEVER, work)).toBe(false);
  });

  it('takes a network for as wide as its parameters make it', () => {
    expect(widthOf(64 * 256 + 256 * 256)).toBe(256);
    expect(widthOf(64 * 1024 + 1024 * 1024)).toBe(1024);
  });
});

/** What `auto` opens, and what it says. */
async function choose(work: Work | undefined, parts: Partial<AutoParts>): Promise<{ device: Device; said: string[] }> {
  const said: string[] = [];
  const open = (device: Device): Promise<Executor> => Promise.resolve({ device } as Executor);
  const executor = await openBest(
    { device: 'auto', threads: 1, warn: (message) => said.push(message), work },
    { crossings: [], unmeasured: FAST, hardwareOf: () => 'a GPU', absence: () => undefined, open, ...parts },
  );
  return { device: executor.device, said };
}

describe('--device auto', () => {
  const large: Work = { kind: 'scoring', rows: 4096, width: 1024 };
  const small: Work = { kind: 'scoring', rows: 1, width: 1024 };
  const measured = (device: Crossing['device'], crossing: Omit<Crossing, 'device' | 'hardware'>): Crossing => ({
    ...{ device, hardware: 'a GPU', ...crossing },
  });

  it('takes a device that was measured here and is faster at the work, and the CPU below that', async () => {
    const crossings = [measured('webgpu', FAST), measured('cuda', NEVER)];
    expect(await choose(large, { crossings })).toEqual({ device: 'webgpu', said: [] });
    expect(await choose(small, { crossings })).toEqual({
      device: 'cpu',
      said: ['device: cpu (cuda: the CPU is taken for scoring by 1 rows, 1024 wide)'],
    });
  });

  it('never takes one that is slower, nor a figure of other hardware', async () => {
    expect((await choose(large, { crossings: [measured('cuda', NEVER)] })).device).toBe('cpu');
    const crossings = [measured('webgpu', FAST), measured('tfjs', FAST), measured('cuda', NEVER)];
    expect((await choose(large, { crossings, hardwareOf: () => undefined, unmeasured: NEVER })).device).toBe('cpu');
  });

  it('takes CUDA on a GPU that nobody has measured by the default, and WebGPU and TF.js there never', async () => {
    expect((await choose(large, {})).device).toBe('cuda');
    expect((await choose(small, {})).device).toBe('cpu');
    expect((await choose(undefined, {})).device).toBe('cpu');
    expect((await choose(large, { absence: () => 'no provider library' })).said).toEqual([
      'device: cpu (cuda: no provider library)',
    ]);
  });

  it('goes on where a device does not open, and says why', async () => {
    const open = (device: Device): Promise<Executor> => {
      if (device === 'cpu') return Promise.resolve({ device } as Executor);
      return Promise.reject(new AristarchError('DEVICE_UNAVAILABLE', 'long', { reason: 'no driver' }));
    };
    const { device, said } = await choose(large, { open });
    expect([device, said]).toEqual(['cpu', ['device: cpu (cuda: no driver)']]);
  });

  it('goes by a table in which Vulkan in software is measured, and never wins', () => {
    const software = CROSSINGS.filter(({ hardware }) => hardware.startsWith('Vulkan by '));
    expect(software.map(({ device }) => device)).toEqual(['webgpu']);
    for (const crossing of software) expect(crossing).toMatchObject(NEVER);
    expect(UNMEASURED.scoring['256']).toBeGreaterThan(16);
  });
});

describe('the hardware of a device', () => {
  const data = useDataFolder();

  it("is the processor, NVIDIA's GPU, or the driver that the environment names", async () => {
    await mkdir(data.path('gpus/0000:01:00.0'), { recursive: true });
    await data.write('gpus/0000:01:00.0/information', 'Model: \t\t NVIDIA H200\nIRQ:   33\n');
    const bare = { env: {}, nvidiaFolder: data.path('none'), processor: 'a Xeon' };
    const gpu = { ...bare, nvidiaFolder: data.path('gpus') };
    const software = { ...gpu, env: { VK_ICD_FILENAMES: '/x/vk_swiftshader_icd.json' } };
    expect(findHardware('cpu', false, gpu)).toBe('a Xeon');
    expect(findHardware('cuda', false, gpu)).toBe('NVIDIA H200');
    expect(findHardware('webgpu', false, gpu)).toBe('NVIDIA H200');
    expect(findHardware('webgpu', false, software)).toBe('Vulkan by vk_swiftshader_icd.json');
    expect(findHardware('webgpu', false, bare)).toBeUndefined();
    expect(findHardware('tfjs', true, gpu)).toBe('NVIDIA H200');
    expect(findHardware('tfjs', false, gpu)).toBe('a Xeon');
  });
});

import { describe, expect, it } from '@jest/globals';
import { AristarchError } from '../../../src/base/errors.ts';
import { isWorth, type Crossing, type Limits } from '../../../src/runtime/choice/choose.ts';
import { CROSSINGS, UNMEASURED } from '../../../src/runtime/choice/crossings.ts';
import { widthOf, type Work } from '../../../src/runtime/choice/work.ts';
import type { Device, Executor } from '../../../src/runtime/executor.ts';
import type { Hardware } from '../../../src/runtime/hardware/hardware.ts';
import { openBest, type AutoParts } from '../../../src/runtime/open-executor.ts';

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
    [{ kind: 'images', images: 8, size: 32, channels: 64 }, true],
    [{ kind: 'images', images: 8, size: 28, channels: 64 }, false],
    // Less in any way than the game that was measured.
    [{ kind: 'images', images: 7, size: 32, channels: 64 }, false],
    [{ kind: 'images', images: 1, size: 64, channels: 64 }, false],
    // As many pixels in fewer images.
    [{ kind: 'images', images: 1, size: 128, channels: 64 }, true],
    [{ kind: 'images', images: 8, size: 64, channels: 63 }, false],
  ])('is judged by its size: %j, %p', (work, expected) => {
    expect(isWorth(FAST, work)).toBe(expected);
    expect(isWorth(NEVER, work)).toBe(false);
  });

  it('takes a network for as wide as its parameters make it', () => {
    expect(widthOf(64 * 256 + 256 * 256)).toBe(256);
    expect(widthOf(64 * 1024 + 1024 * 1024)).toBe(1024);
  });
});

const GPU: Hardware = { kind: 'gpu', name: 'a GPU', isIdentified: true };
const BESIDE = 'a Xeon';

interface Surroundings extends Partial<AutoParts> {
  /** What each device that opens is found to compute on. */
  readonly hardware?: Hardware;
}

/** What `auto` opens, what it closes again, and what it says. */
async function choose(work: Work | undefined, { hardware = GPU, ...parts }: Surroundings) {
  const [said, closed]: [string[], string[]] = [[], []];
  const open = (device: Device): Promise<Executor> => {
    const close = () => Promise.resolve(void closed.push(device));
    return Promise.resolve({ device, hardware, close } as Executor);
  };
  const executor = await openBest(
    { device: 'auto', threads: 1, warn: (message) => said.push(message), work },
    { crossings: [], unmeasured: FAST, processor: BESIDE, absence: () => undefined, open, ...parts },
  );
  return { device: executor.device, said, closed };
}

describe('--device auto', () => {
  const large: Work = { kind: 'scoring', rows: 4096, width: 1024 };
  const small: Work = { kind: 'scoring', rows: 1, width: 1024 };
  const measured = (device: Crossing['device'], limits: Limits, more: Partial<Crossing> = {}): Crossing => ({
    ...{ device, hardware: 'a GPU', processor: BESIDE, ...limits, ...more },
  });

  it('takes a device that was measured here and is faster at the work, and the CPU below that', async () => {
    const crossings = [measured('webgpu', FAST), measured('cuda', NEVER)];
    const unmeasured = NEVER;
    expect(await choose(large, { crossings, unmeasured })).toEqual({
      ...{ device: 'webgpu', closed: [] },
      said: ['device: webgpu on a GPU, by what was measured on it (docs/devices.md)'],
    });
    expect(await choose(small, { crossings, unmeasured })).toEqual({
      ...{ device: 'cpu', closed: [] },
      said: ['device: cpu (cuda: the CPU is taken for scoring by 1 rows, 1024 wide)'],
    });
  });

  it('never takes one that is slower: it closes what it opened, and says so', async () => {
    expect(await choose(large, { crossings: [measured('cuda', NEVER)] })).toEqual({
      ...{ device: 'cpu', closed: ['cuda'] },
      said: ['device: cpu (cuda: the CPU is taken for scoring by 4096 rows, 1024 wide)'],
    });
  });

  it('never takes a device that computes on a processor as well', async () => {
    const hardware: Hardware = { kind: 'processor', name: BESIDE, isIdentified: true };
    const crossings = [measured('tfjs', FAST, { hardware: BESIDE })];
    expect(await choose(large, { crossings, unmeasured: NEVER, hardware })).toMatchObject({
      ...{ device: 'cpu', closed: ['tfjs'] },
      said: [expect.stringContaining('tfjs: it computes on a processor as well') as unknown],
    });
  });

  it('goes by no figure of other hardware, nor of hardware that nobody identifies, nor beside another processor', async () => {
    const unmeasured = NEVER;
    const crossings = [measured('webgpu', FAST)];
    const other: Hardware = { kind: 'gpu', name: 'another GPU', isIdentified: true };
    expect(await choose(large, { crossings, unmeasured, hardware: other })).toMatchObject({
      ...{ device: 'cpu', closed: ['webgpu'] },
      said: [expect.stringContaining('webgpu: not measured on another GPU beside this processor') as unknown],
    });
    const unidentified: Hardware = { ...GPU, isIdentified: false };
    expect(await choose(large, { crossings, unmeasured, hardware: unidentified })).toMatchObject({ device: 'cpu' });
    const beside = [measured('webgpu', FAST, { processor: 'an older Xeon' })];
    // It is not even opened.
    expect(await choose(large, { crossings: beside, unmeasured })).toMatchObject({ device: 'cpu', closed: [] });
  });

  it('takes CUDA on a GPU that nobody has measured by the assumption, which it says, and WebGPU and TF.js there never', async () => {
    expect(await choose(large, {})).toEqual({
      ...{ device: 'cuda', closed: [] },
      said: ['device: cuda on a GPU, by an assumption: nobody has measured it (docs/devices.md)'],
    });
    const beside = [measured('cuda', NEVER, { processor: 'an older Xeon' })];
    expect((await choose(large, { crossings: beside })).device).toBe('cuda');
    expect((await choose(small, {})).device).toBe('cpu');
    expect((await choose(undefined, {})).device).toBe('cpu');
    expect(await choose(large, { absence: () => 'no provider library' })).toMatchObject({
      ...{ device: 'cpu', said: ['device: cpu (cuda: no provider library)'] },
    });
  });

  it('goes on where a device does not open, and says why', async () => {
    const open = (device: Device): Promise<Executor> => {
      if (device === 'cpu') return Promise.resolve({ device } as Executor);
      return Promise.reject(new AristarchError('DEVICE_UNAVAILABLE', 'long', { reason: 'no driver' }));
    };
    expect(await choose(large, { open })).toMatchObject({ device: 'cpu', said: ['device: cpu (cuda: no driver)'] });
  });

  it('goes by a table in which Vulkan in software is measured, and never wins', () => {
    const software = CROSSINGS.filter(({ hardware }) => hardware.startsWith('Vulkan by '));
    expect(software.map(({ device }) => device)).toEqual(['webgpu']);
    for (const crossing of software) expect(crossing).toMatchObject(NEVER);
    expect(UNMEASURED.scoring['256']).toBeGreaterThan(16);
  });
});

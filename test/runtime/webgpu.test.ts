import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Placement } from '../../src/runtime/executor.ts';
import { describePlacement, readPlacement } from '../../src/runtime/onnxruntime/placement.ts';
import { createQueue } from '../../src/runtime/onnxruntime/queue.ts';
import { needs, swiftShaderPath } from '../support/needs.ts';
import { usePartsModel } from '../support/parts.ts';
import { useTinyModel } from '../support/train-tiny.ts';

const SUPPORT = fileURLToPath(new URL('../support', import.meta.url));
const MINUTES_10 = 600_000;

/** A script of test/support on Vulkan in software, in a process of its own, since a driver is chosen when a process starts. */
async function runOnVulkan(script: string, ...args: string[]): Promise<unknown> {
  const env = { ...process.env, VK_ICD_FILENAMES: swiftShaderPath() };
  const command = ['--import', 'tsx', join(SUPPORT, script), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, { env, maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

interface Played {
  readonly losses: Readonly<Record<string, readonly number[]>>;
  /** Where operators run. */
  readonly said: readonly string[];
  readonly placement?: Placement;
}
interface Steps {
  readonly games: Readonly<Record<string, { cpu: Played; webgpu: Played }>>;
  readonly fallback: { said: string[]; placement: Placement; w: number[] };
}

/** The same promise to all who ask. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => (begun ??= work());
}

/** Places where two series differ by more than a share of 1 + their size. */
function findApart(series: readonly number[], expected: readonly number[], tolerance: number): string[] {
  return expected.flatMap((value, at) => {
    const isNear = Math.abs((series[at] ?? NaN) - value) <= tolerance * (1 + Math.abs(value));
    return isNear ? [] : [`${String(series[at])} instead of ${value} at ${at}`];
  });
}

needs('swiftshader').describe('WebGPU', () => {
  needs('swiftshader').it(
    'says every primitive as it is defined, and its derivatives',
    async () => {
      const { count, faults } = (await runOnVulkan('webgpu-samples.ts')) as { count: number; faults: object };
      expect(count).toBeGreaterThan(100);
      expect(faults).toEqual({});
    },
    MINUTES_10,
  );

  const steps = once(() => runOnVulkan('webgpu-steps.ts') as Promise<Steps>);

  needs('swiftshader').it(
    "takes twenty steps of a table's game and of a StyleGAN with the losses of the CPU, and nothing of a step runs elsewhere",
    async () => {
      const { games } = await steps();
      expect(Object.keys(games)).toHaveLength(2);
      for (const { cpu, webgpu } of Object.values(games)) {
        const { onDevice, onCpu } = webgpu.placement!;
        expect(onCpu).toEqual([]);
        // Dozens of products, sums and updates: a profile that was not read would have none.
        expect(onDevice).toBeGreaterThan(50);
        expect(webgpu.said).toEqual([expect.stringMatching(`^a step of .*: all ${onDevice} operators run on webgpu$`)]);
        expect([cpu.said, cpu.placement]).toEqual([[], undefined]);
        for (const [name, expected] of Object.entries(cpu.losses)) {
          expect(expected).toHaveLength(20);
          expect(findApart(webgpu.losses[name] ?? [], expected, 1e-5)).toEqual([]);
        }
      }
    },
    MINUTES_10,
  );

  needs('swiftshader').it(
    'names at the start each operator of a step that falls back to the CPU, and computes it right there',
    async () => {
      const { said, placement, w } = (await steps()).fallback;
      expect(placement.onDevice).toBeGreaterThan(0);
      expect(placement.onCpu).toEqual([expect.stringMatching(/^IsNaN \(.+\)$/)]);
      const all = placement.onDevice + 1;
      const named = placement.onCpu[0]!;
      expect(said).toEqual([`a step of fallback: 1 of ${all} operators run on the CPU, the rest on webgpu: ${named}`]);
      expect(w).toEqual([12, 0]);
    },
    MINUTES_10,
  );
});

needs('swiftshader').describe('a model on WebGPU', () => {
  const orders = useTinyModel();
  const parts = usePartsModel();

  needs('swiftshader').it(
    'has the scores of the CPU to a ten-thousandth, rows and images, and as many at once as are asked',
    async () => {
      const folders = [orders().folder, join(parts().folder, 'model')];
      const { models, together } = (await runOnVulkan('webgpu-scores.ts', ...folders)) as {
        models: { device: string; expected: number[]; scores: number[] }[];
        together: boolean[];
      };
      expect(models).toHaveLength(2);
      for (const { device, expected, scores } of models) {
        expect(device).toBe('webgpu');
        expect(new Set(expected).size).toBeGreaterThan(10);
        expect(findApart(scores, expected, 1e-4)).toEqual([]);
      }
      expect(together).toEqual(Array.from({ length: 8 }, () => true));
    },
    MINUTES_10,
  );
});

describe('the placement of nodes', () => {
  const event = (name: string, provider: string, operator: string): object => ({
    ...{ cat: 'Node', name: `${name}_kernel_time`, args: { provider, op_name: operator } },
  });
  const profile = [
    { cat: 'Session', name: 'model_loading_array', args: {} },
    event('.v1', 'WebGpuExecutionProvider', 'Gemm'),
    event('.v2', 'CPUExecutionProvider', 'IsNaN'),
    event('.v2', 'CPUExecutionProvider', 'IsNaN'),
  ];

  it('is read from a profile of ONNX Runtime, each node once', () => {
    const placement = readPlacement(JSON.stringify(profile));
    expect(placement).toEqual({ onDevice: 1, onCpu: ['IsNaN (.v2)'] });
    expect(describePlacement('a step', 'webgpu', placement)).toBe(
      'a step: 1 of 2 operators run on the CPU, the rest on webgpu: IsNaN (.v2)',
    );
  });

  it('says so where all is on the device, where nothing is, and where the profile names no node', () => {
    const describeEvents = (events: readonly object[]): string =>
      describePlacement('a step', 'webgpu', readPlacement(JSON.stringify(events)));
    expect(describeEvents(profile.slice(0, 2))).toBe('a step: all 1 operators run on webgpu');
    expect(describeEvents(profile.slice(2))).toBe(
      'a step: 1 of 1 operators run on the CPU, none on webgpu: IsNaN (.v2)',
    );
    expect(describeEvents(profile.slice(0, 1))).toBe(
      'a step: ONNX Runtime does not say whether its operators run on webgpu',
    );
    expect(describeEvents([])).toContain('does not say');
  });
});

describe('the queue', () => {
  it('has one at work at a time, in order, and goes on after a failure', async () => {
    const queue = createQueue();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      if (name === 'b') throw new Error('b fails');
    };
    const [a, b, c] = [queue(work('a')), queue(work('b')), queue(work('c'))];
    await expect(b).rejects.toThrow('b fails');
    await Promise.all([a, c]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { DeviceResult } from '../../bench/device/measure.ts';
import { crossingOf } from '../../bench/device/page.ts';

const device = (name: DeviceResult['device'], rates: Readonly<Record<string, number>>): DeviceResult => ({
  ...{ device: name, description: '', tabular: {}, styleGan: {}, remarks: [] },
  scoring: { '256': rates },
});
const cpu = device('cpu', { '1': 30_000, '16': 100_000, '256': 200_000, '4096': 210_000 });

describe('the crossing of a device and the CPU', () => {
  it('is the least batch at which the device scores more rows', () => {
    const gpu = device('cuda', { '1': 5000, '16': 80_000, '256': 900_000, '4096': 9_000_000 });
    expect(crossingOf(gpu, cpu, 256)).toBe(256);
  });

  it('is none where the CPU always wins, and for a width that was not measured', () => {
    const slow = device('webgpu', { '1': 10, '16': 100, '256': 200, '4096': 300 });
    expect(crossingOf(slow, cpu, 256)).toBeUndefined();
    expect(crossingOf(slow, cpu, 1024)).toBeUndefined();
  });
});

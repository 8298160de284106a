import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { crossingsOf, crossingsUnmeasured, writeCrossings } from '../../bench/device/crossings.ts';
import { FIGURES, isLarger, nameOf, type Figure } from '../../bench/device/figures.ts';
import { measureDevice, type DeviceResult, type Rate } from '../../bench/device/measure.ts';
import { describe as describePage, formatted, merge, type DevicesResult } from '../../bench/device/page.ts';
import { labelsOf } from '../../bench/serve/devices.ts';
import type { Question } from '../../bench/device/worker.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const scoring = (rates: Readonly<Record<number, number>>): Record<string, Rate> =>
  Object.fromEntries(Object.entries(rates).map(([rows, rate]) => [`256 wide, ${rows}`, rate]));
const CPU = scoring({ 1: 30_000, 16: 100_000, 256: 200_000, 4096: 210_000 });

describe('the crossing of a device and the CPU', () => {
  it('is the least batch from which on the device scores more rows', () => {
    const gpu = scoring({ 1: 5000, 16: 80_000, 256: 900_000, 4096: 9_000_000 });
    expect(crossingsOf(gpu, CPU).scoring['256']).toBe(256);
  });

  it('is not where one figure is faster and larger ones are not', () => {
    const lucky = scoring({ 1: 31_000, 16: 80_000, 256: 100_000, 4096: 100_000 });
    expect(crossingsOf(lucky, CPU).scoring['256']).toBeNull();
  });

  it('is none for what was not measured, ran into the limit or failed', () => {
    const slow: Record<string, Rate> = { '256 wide, 4096': 'over', 'table, 1024 wide': 'failed' };
    expect(crossingsOf(slow, { ...CPU, 'table, 1024 wide': 12 })).toEqual({
      ...{ training: null, scoring: { '256': null, '1024': null }, images: null },
    });
  });

  it('with a GPU that nobody has measured is where the CPU takes five milliseconds', () => {
    const cpu = { ...CPU, 'table, 256 wide': 201, 'table, 1024 wide': 12, 'StyleGAN, 32 px': 3, 'StyleGAN, 64 px': 1 };
    expect(crossingsUnmeasured(cpu)).toEqual({
      ...{ training: 1024, scoring: { '256': 4096, '1024': null }, images: 32 },
    });
  });
});

/** A result with these rates, 7 for all others. */
const result = (
  device: DeviceResult['device'],
  hardware: string,
  rates: Record<string, Rate> = {},
  kind: DeviceResult['kind'] = 'processor',
): DeviceResult => ({
  ...{ device, hardware, kind, description: 'an engine', machine: 'a Xeon', measuredAt: '2026-11-28', limitSeconds: 9 },
  rates: { ...Object.fromEntries(FIGURES.map((figure) => [nameOf(figure), 7])), ...rates },
});

describe('the page of devices', () => {
  const cpu = result('cpu', 'a Xeon');

  it('says what ran into the limit, and which GPUs nobody has measured', () => {
    const text = describePage({
      devices: [cpu, result('webgpu', 'Vulkan by x.json', { 'StyleGAN, 64 px': 'over' })],
      absent: [],
    });
    expect(text).toContain('**No GPU has been measured**');
    expect(text).toMatch(/\| webgpu, Vulkan by x\.json \|.* over 9 s \|/);
    for (const name of ['webgpu on a GPU', 'cuda', 'tfjs on a GPU', 'PyTorch on a GPU'])
      expect(text).toContain(`| ${name} | not measured: no GPU was at hand |`);
  });

  it('counts TF.js and WebGPU as on a GPU by what they were found to compute on, and not by their set-up', () => {
    const on = (kind: DeviceResult['kind']): string =>
      describePage({ devices: [cpu, result('tfjs', 'x', {}, kind), result('webgpu', 'y', {}, kind)], absent: [] });
    for (const name of ['webgpu on a GPU', 'tfjs on a GPU']) {
      expect(on('gpu')).not.toContain(`| ${name} | not measured`);
      expect(on('processor')).toContain(`| ${name} | not measured`);
      expect(on('unknown')).toContain(`| ${name} | not measured`);
    }
  });

  it('drops the row for a GPU where one was measured, whose crossings then stand in the program', () => {
    const devices = [cpu, result('cuda', 'NVIDIA H200', { 'table, 1024 wide': 99 }, 'gpu')];
    const text = describePage({ devices, absent: [] });
    expect(text).not.toContain('No GPU has been measured');
    expect(text).not.toMatch(/\| cuda \| not measured/);
    expect(text).toMatch(/\| cuda, NVIDIA H200 \|/);
    expect(writeCrossings(devices)).toContain('"hardware":"NVIDIA H200","processor":"a Xeon","training":1024');
  });

  it('keeps what other machines have measured, and renews the rest', () => {
    const before: DevicesResult = { devices: [cpu, result('cuda', 'NVIDIA H200')], absent: [] };
    const { devices } = merge(before, { devices: [result('cpu', 'a Xeon', { 'table, 256 wide': 8 })], absent: [] });
    expect(devices.map(({ device, rates }) => [device, rates['table, 256 wide']])).toEqual([
      ['cpu', 8],
      ['cuda', 7],
    ]);
  });

  it('is what docs/devices.md says, and what --device auto goes by, of the results in docs/devices.json', async () => {
    const read = (path: string): Promise<string> => readFile(resolve(ROOT, path), 'utf8');
    const results = JSON.parse(await read('docs/devices.json')) as DevicesResult;
    expect(await read('src/runtime/choice/crossings.ts')).toBe(await formatted(writeCrossings(results.devices)));
    const plain = (text: string): string => text.replaceAll(/[\s|:-]+/g, ' ');
    expect(plain(await read('docs/devices.md'))).toBe(plain(`${describePage(results)}\n`));
  });
});

describe('measuring a device', () => {
  const figures: readonly Figure[] = [
    { kind: 'score', width: 256, rows: 1 },
    { kind: 'score', width: 256, rows: 16 },
    { kind: 'score', width: 1024, rows: 1 },
    { kind: 'score', width: 1024, rows: 16 },
    { kind: 'style', size: 32 },
  ];
  /** Never answers for 16 rows, and breaks at images. */
  const answer = ({ figure }: Question): Promise<unknown> => {
    if (figure === undefined) return Promise.resolve({ description: 'an engine', hardware: 'a GPU' });
    if (figure.kind === 'style') return Promise.reject(new Error('the driver is gone'));
    if (figure.kind === 'score' && figure.rows === 16) return new Promise(() => undefined);
    return Promise.resolve(5);
  };

  it('gives up a figure at the limit, goes on in another process, and does not try larger ones', async () => {
    const asked: string[] = [];
    let started = 0;
    const start = () => {
      started += 1;
      const ask = (question: unknown): Promise<unknown> => {
        const { figure } = question as Question;
        if (figure !== undefined) asked.push(nameOf(figure));
        return answer(question as Question);
      };
      // No process has this number.
      return { pid: 2 ** 22 + started, ask, stop: () => Promise.resolve() };
    };
    const options = { forMs: 1, limitMs: 50, python: '', figures, start, now: () => new Date(0) };
    expect(await measureDevice('webgpu', options)).toMatchObject({
      ...{ hardware: 'a GPU', measuredAt: '1970-01-01', limitSeconds: 0.05 },
      rates: {
        ...{ '256 wide, 1': 5, '256 wide, 16': 'over', '1024 wide, 1': 5, '1024 wide, 16': 'over' },
        'StyleGAN, 32 px': 'failed',
      },
    });
    expect(asked).not.toContain('1024 wide, 16');
    expect(started).toBe(3);
  });

  it('on a server goes by what its own metric says of what ran', () => {
    const metrics = `# TYPE aristarch_device_info gauge
aristarch_device_info{device="tfjs",kind="gpu",hardware="NVIDIA H200",engine="an engine, \\"quoted\\""} 1
aristarch_models_open 1`;
    expect(labelsOf(metrics)).toEqual({
      ...{ device: 'tfjs', kind: 'gpu', hardware: 'NVIDIA H200', engine: 'an engine, \\"quoted\\"' },
    });
    expect(() => labelsOf('aristarch_models_open 0')).toThrow('names 0 devices');
  });

  it('knows which figures take longer', () => {
    const [one, sixteen, wide, both] = figures as [Figure, Figure, Figure, Figure];
    expect([one, wide, both].map((figure) => isLarger(figure, sixteen))).toEqual([false, false, true]);
    expect(isLarger({ kind: 'style', size: 64 }, { kind: 'step', width: 32 })).toBe(false);
  });
});

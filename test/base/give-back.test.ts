import { createHook } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';

const opened: string[] = [];
const hook = createHook({ init: (_, type) => void opened.push(type) }).enable();
const { giveBack } = await import('../../src/base/give-back.ts');
hook.disable();

const arrayOf = (length: number): { readonly data: Float32Array } => ({ data: new Float32Array(length).fill(1) });

describe('what is given back', () => {
  it('opens no port before there is any', () => {
    expect(opened).not.toEqual([]);
    expect(opened).not.toContain('MESSAGEPORT');
  });

  it('is free at once, before any collection of garbage, and empty', () => {
    const arrays = Array.from({ length: 8 }, () => arrayOf(2 ** 21)); // 64 MB
    const before = process.memoryUsage().arrayBuffers;
    giveBack(arrays);
    expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(2 ** 25);
    expect(arrays.map(({ data }) => data.length)).toEqual(arrays.map(() => 0));
  });

  it('is not what is only part of a buffer, on which others may look', () => {
    const whole = arrayOf(8);
    const part = { data: whole.data.subarray(2, 4) };
    giveBack([part]);
    expect([...part.data]).toEqual([1, 1]);
    expect(whole.data).toHaveLength(8);
  });

  it('may be named twice, and again when it is gone', () => {
    const array = arrayOf(4);
    giveBack([array, array]);
    giveBack([array]);
    expect(array.data).toHaveLength(0);
  });
});

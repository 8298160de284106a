import { createHook } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';

const opened: string[] = [];
const hook = createHook({ init: (_, type) => void opened.push(type) }).enable();
const { giveBack } = await import('../../src/base/give-back.ts');
hook.disable();

const arrayOf = (length: number): { readonly data: Float32Array } => ({ data: new Float32Array(length).fill(1) });

/** Numbers of an array that is worth giving back. */
const LARGE = 2 ** 15;

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
    const whole = arrayOf(LARGE);
    const part = { data: whole.data.subarray(2, 4) };
    giveBack([part]);
    expect([...part.data]).toEqual([1, 1]);
    expect(whole.data).toHaveLength(LARGE);
  });

  it('is not what costs less where it is left, unless there is much of it', () => {
    const arrays = Array.from({ length: 2 ** 5 }, () => arrayOf(LARGE / 2 ** 5));
    giveBack(arrays.slice(1));
    expect(arrays[1]!.data).toHaveLength(LARGE / 2 ** 5);
    giveBack(arrays);
    expect(arrays[1]!.data).toHaveLength(0);
  });

  it('may be named twice, and again when it is gone', () => {
    const array = arrayOf(LARGE);
    giveBack([array, array]);
    giveBack([array]);
    expect(array.data).toHaveLength(0);
  });
});

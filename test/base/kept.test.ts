import { describe, expect, it } from '@jest/globals';
import { kept } from '../../src/base/kept.ts';

describe('work that is kept', () => {
  it('is done once, for all who ask', async () => {
    let done = 0;
    const get = kept(() => Promise.resolve((done += 1)));
    expect(await Promise.all([get(), get()])).toEqual([1, 1]);
    expect(await get()).toBe(1);
  });

  it('is tried anew where it has failed, and those who waited hear of it', async () => {
    let tries = 0;
    const get = kept(() => ((tries += 1) === 1 ? Promise.reject(new Error('no memory')) : Promise.resolve(tries)));
    const asked = [get(), get()];
    for (const each of asked) await expect(each).rejects.toThrow('no memory');
    expect(await get()).toBe(2);
    expect(await get()).toBe(2);
  });
});

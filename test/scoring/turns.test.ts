import { expect, it } from '@jest/globals';
import { createTurns } from '../../src/scoring/turns.ts';

it('each part of work has a turn of the event loop of its own, and all who ask have theirs in order', async () => {
  const turn = createTurns();
  let loops = 0;
  const counting = { on: true };
  const count = (): void => {
    loops += 1;
    if (counting.on) setImmediate(count);
  };
  setImmediate(count);
  const seen: { readonly who: string; readonly loop: number }[] = [];
  const work = async (who: string): Promise<void> => {
    for (let part = 0; part < 3; part++) {
      await turn();
      seen.push({ who, loop: loops });
    }
  };
  await Promise.all(['a', 'b', 'c'].map(work));
  counting.on = false;
  expect(seen.map(({ who }) => who)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
  expect(new Set(seen.map(({ loop }) => loop)).size).toBe(9);
});

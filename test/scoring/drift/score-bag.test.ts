import { describe, expect, it } from '@jest/globals';
import { createRandom } from '../../../src/base/philox.ts';
import { createScoreBag } from '../../../src/scoring/drift/score-bag.ts';

interface Draws {
  readonly scores: Float32Array;
  readonly ties: Float32Array;
  readonly drops: Float32Array;
}

function draw(seed: number, count: number, capacity: number): Draws {
  const random = createRandom(seed);
  const [scores, ties, drops] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  random.stream('scores').fillNormal(scores, 0);
  random.stream('ties').fillUniform(ties, 0);
  random.stream('drops').fillIntegers(drops, 0, capacity + 1);
  return { scores, ties, drops };
}

/** The same by definition: sort all, count, cut one out. */
function exchangeSlowly(bag: number[], capacity: number, score: number, tie: number, drop: number): number {
  const higher = bag.filter((each) => each > score).length;
  const equal = bag.filter((each) => each === score).length;
  const pValue = (higher + tie * (equal + 1)) / (bag.length + 1);
  if (bag.length < capacity) bag.push(score);
  else if (drop < capacity) bag[drop] = score;
  bag.sort((a, b) => a - b);
  return pValue;
}

describe('the bag', () => {
  it.each([1, 2, 7, 64])(
    'of %i gives the smoothed rank of each score among those it keeps, ties included',
    (capacity) => {
      const { scores, ties, drops } = draw(3, 500, capacity);
      const bag = createScoreBag(capacity);
      const slow: number[] = [];
      for (let row = 0; row < scores.length; row++) {
        // Rounded, so that many are equal.
        const score = Math.round(scores[row]! * 2);
        const expected = exchangeSlowly(slow, capacity, score, ties[row]!, drops[row]!);
        expect(bag.exchange(score, ties[row]!, drops[row]!)).toBeCloseTo(expected, 12);
      }
      expect(bag.size).toBe(capacity);
    },
  );

  it.each([5, 8, 33])('of %i knows runs of equal scores of each length, to its end', (capacity) => {
    for (let equal = 1; equal <= capacity; equal++) {
      const bag = createScoreBag(capacity);
      const slow: number[] = [];
      const put = (score: number): [number, number] => [
        bag.exchange(score, 0.25, capacity),
        exchangeSlowly(slow, capacity, score, 0.25, capacity),
      ];
      for (let row = 0; row < capacity; row++) put(row < equal ? 1 : row);
      const [found, expected] = put(1);
      expect(found).toBeCloseTo(expected, 12);
    }
  });

  it('gives p-values that are independent and uniform, however small it is', () => {
    const spread = spreadOfMeans((drop) => drop);
    expect(spread).toBeLessThan(1.35);
    expect(spread).toBeGreaterThan(0.7);
  });

  it('would not, were the new score never taken in: ranks in a set that stays the same hang together', () => {
    expect(spreadOfMeans((_, capacity) => capacity)).toBeGreaterThan(10);
  });

  it('takes scores as float32, as they are served', () => {
    const bag = createScoreBag(4);
    bag.exchange(0.1, 0.5, 0);
    expect(bag.exchange(Math.fround(0.1), 0.25, 0)).toBeCloseTo(0.25, 12);
  });
});

/** Variance of the mean p-value of a stream, over that of independent uniform ones: 1 where they are. */
function spreadOfMeans(dropOf: (drop: number, capacity: number) => number): number {
  const [capacity, rows, streams] = [10, 1000, 300];
  let squares = 0;
  for (let seed = 0; seed < streams; seed++) {
    const { scores, ties, drops } = draw(seed, rows, capacity);
    const bag = createScoreBag(capacity);
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += bag.exchange(scores[row]!, ties[row]!, dropOf(drops[row]!, capacity));
    squares += (sum / rows - 0.5) ** 2;
  }
  return (squares / streams) * 12 * rows;
}

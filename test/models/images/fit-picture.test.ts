import { describe, expect, it } from '@jest/globals';
import { fitPicture } from '../../../src/models/images/fit-picture.ts';
import type { Picture } from '../../../src/models/images/picture.ts';

/** A picture of one channel's values, grey unless each pixel has a colour. */
function picture(
  width: number,
  height: number,
  valueAt: (row: number, column: number, colour: number) => number,
): Picture {
  const rgb = Float32Array.from({ length: width * height * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    return valueAt(Math.floor(pixel / width), pixel % width, at % 3);
  });
  return { width, height, rgb };
}

function fit(from: Picture, channels: 1 | 3, size: number): number[] {
  const out = new Float32Array(channels * size * size);
  fitPicture(from, { channels, size }, out, 0);
  return [...out];
}

describe('a picture as a raw row', () => {
  it('of the right size is taken as it is', () => {
    expect(
      fit(
        picture(2, 2, (row, column) => 10 * row + column),
        1,
        2,
      ),
    ).toEqual([0, 1, 10, 11]);
  });

  it('has its colours one after the other', () => {
    expect(
      fit(
        picture(1, 1, (_row, _column, colour) => colour + 1),
        3,
        1,
      ),
    ).toEqual([1, 2, 3]);
  });

  it('in colour, for a grey model, is weighed as ITU-R BT.601 says', () => {
    const [value] = fit(
      picture(1, 1, (_row, _column, colour) => [100, 50, 200][colour]!),
      1,
      1,
    );
    expect(value).toBeCloseTo(0.299 * 100 + 0.587 * 50 + 0.114 * 200, 4);
  });

  it('that is larger is shrunk by the means of what its pixels cover', () => {
    expect(
      fit(
        picture(4, 4, (row, column) => 10 * row + column),
        1,
        2,
      ),
    ).toEqual([5.5, 7.5, 25.5, 27.5]);
    const [first, second] = fit(
      picture(3, 3, (_row, column) => 30 * column),
      1,
      2,
    );
    expect(first).toBeCloseTo((0 + 30 / 2) / 1.5, 4);
    expect(second).toBeCloseTo((30 / 2 + 60) / 1.5, 4);
  });

  it('that is smaller or not square is put in the middle, its border repeated', () => {
    expect(
      fit(
        picture(2, 2, (row, column) => 1 + 2 * row + column),
        1,
        4,
      ),
    ).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect(
      fit(
        picture(4, 2, (row) => row),
        1,
        4,
      ),
    ).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });
});

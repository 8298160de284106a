import type { Picture } from '../../src/models/images/picture.ts';
import { STYLE_LOSSES, type StyleLosses } from '../../src/models/stylize/stylizer-graphs.ts';
import type { Stylizer, StylizeOptions } from '../../src/scoring/stylize/open-stylizer.ts';

/** Means over pairs of a content and a style, and the median of the seconds; 0 where nothing was made. */
export interface MeasuredRow {
  readonly title: string;
  readonly losses: StyleLosses;
  readonly seconds: number;
}

export interface Pair {
  readonly content: Picture;
  readonly style: Picture;
}

/** Stylizes each pair. */
export async function measurePairs(
  title: string,
  stylizer: Stylizer,
  pairs: readonly Pair[],
  options: StylizeOptions,
): Promise<{ readonly made: MeasuredRow; readonly before: StyleLosses }> {
  const done = [];
  for (const { content, style } of pairs) done.push(await stylizer.stylize(content, style, options));
  const seconds = done.map((each) => each.seconds).sort((a, b) => a - b)[Math.floor(done.length / 2)]!;
  const made = { title, seconds, losses: meanOf(done.map(({ losses }) => losses)) };
  return { made, before: meanOf(done.map(({ lossesBefore }) => lossesBefore)) };
}

function meanOf(all: readonly StyleLosses[]): StyleLosses {
  const means = STYLE_LOSSES.map((loss) => [loss, all.reduce((total, each) => total + each[loss], 0) / all.length]);
  return Object.fromEntries(means) as StyleLosses;
}

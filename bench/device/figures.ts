/** What is measured of a device: each is a number, a second. */
export type Figure =
  /** Steps of the critic of a table: 256 rows of 64 features, two hidden layers of so many units. */
  | { readonly kind: 'step'; readonly width: number }
  /** Steps of a StyleGAN at a size of image, 8 images: one update of the critic, with R1, and one of the generator. */
  | { readonly kind: 'style'; readonly size: number }
  /** Rows that such a critic scores, in calls of so many. */
  | { readonly kind: 'score'; readonly width: number; readonly rows: number };

export const WIDTHS = [256, 1024] as const;
export const SIZES = [32, 64] as const;
export const ROWS = [1, 16, 256, 4096] as const;
/** Rows of a training step, and numbers of a row. */
export const STEP_ROWS = 256;
export const FEATURES = 64;

/** In the order in which they are measured: of each kind, the least first. */
export const FIGURES: readonly Figure[] = [
  ...WIDTHS.map((width) => ({ kind: 'step' as const, width })),
  ...WIDTHS.flatMap((width) => ROWS.map((rows) => ({ kind: 'score' as const, width, rows }))),
  ...SIZES.map((size) => ({ kind: 'style' as const, size })),
];

const NAMES: { readonly [K in Figure['kind']]: (figure: Extract<Figure, { kind: K }>) => string } = {
  step: ({ width }) => `table, ${width} wide`,
  style: ({ size }) => `StyleGAN, ${size} px`,
  score: ({ width, rows }) => `${width} wide, ${rows}`,
};
/** As it is called in tables, and in the file of results. */
export const nameOf = (figure: Figure): string => (NAMES[figure.kind] as (figure: Figure) => string)(figure);

/** Whether a figure takes a device at least as long as another one of its kind. */
export function isLarger(figure: Figure, other: Figure): boolean {
  const measures = (of: Figure): number[] =>
    of.kind === 'style' ? [of.size] : [of.width, of.kind === 'score' ? of.rows : 1];
  if (figure.kind !== other.kind) return false;
  const [ours, theirs] = [measures(figure), measures(other)];
  return ours.every((value, at) => value >= theirs[at]!);
}

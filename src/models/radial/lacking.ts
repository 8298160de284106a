/** What becomes of columns that a row's source lacks: the target's mean and most frequent level, or what the decoder made up. */
export const LACKING_CHOICES = ['neutral', 'generate'] as const;
export type Lacking = (typeof LACKING_CHOICES)[number];

/** Pixels of images that a network sees at a time, at most: a generator of images of 1024 x 1024 holds gigabytes for a few of them. */
const BLOCK_PIXELS = 2 ** 18;

/** Images of a height and width that a network makes at a time. */
export const imagesPerBlock = (size: number): number => Math.max(1, Math.floor(BLOCK_PIXELS / size ** 2));

import type { Picture } from '../picture.ts';

/** A file format of images. */
export interface ImageFormat {
  readonly name: string;
  /** By the first bytes. */
  readonly isOne: (bytes: Buffer) => boolean;
  /** Width and height as the header has them, before anything is decoded; undefined where there is no whole header. */
  readonly sizeOf: (bytes: Buffer) => readonly [number, number] | undefined;
  readonly isAnimated: (bytes: Buffer) => boolean;
  /** Throws where the file is broken. */
  readonly decode: (bytes: Buffer) => Picture;
}

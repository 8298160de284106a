import type { ColumnFingerprint } from '../models/artefact/manifest.ts';
import type { RawRecord } from '../models/features/encode.ts';
import type { FeatureSchema } from '../models/features/schema.ts';
import { imagesPerBlock } from '../models/images/blocks.ts';
import type { StyleWidths } from '../models/stylegan/style-inputs.ts';
import type { OpenDetectorOptions } from './detector.ts';

export interface SamplerDescription {
  readonly name: string;
  readonly version: string;
  readonly family: string;
  readonly schema: FeatureSchema;
  readonly rowWidth: number;
  readonly slotNames: readonly string[];
  /** Width of the generator's noise, that by which levels are drawn, or that of an image's pixels, included. */
  readonly latent: number;
  /** Of a generator of images whose layers have styles; else null. */
  readonly styles: StyleWidths | null;
  /** Names of the fields that the generator is told; the others it makes. */
  readonly conditions: readonly string[];
  /** How the training rows were spread, in the order of the schema's fields. */
  readonly trainingColumns: readonly ColumnFingerprint[];
  readonly device: string;
}

export interface SampleOptions {
  /** Any whole number; each seed names an endless sequence of rows. */
  readonly seed: number | bigint;
  /** Where in the sequence to begin, from 0; default 0. Rows do not depend on how they are asked for. */
  readonly firstRow?: number;
  /** Values of conditions, the same for all rows; conditions that are not named are drawn as training rows were spread. */
  readonly condition?: RawRecord;
  /** Or: conditions of each row, packed one after the other in the order of `conditions`, in pieces of any size. */
  readonly conditionRows?: AsyncIterable<Float32Array>;
  /** Of images: how far styles keep from their mean, 1 as they are (the default), 0 all the mean. */
  readonly truncation?: number;
}

/** An image of a seed's sequence that takes styles from another one of it. */
export interface StyledImage {
  /** Place of the image in the sequence, whose noise it has, and place of the other one. */
  readonly row: number;
  readonly other: number;
  /** What it keeps of its own style in each layer: 1 all of it, 0 the other's. */
  readonly shares: readonly number[];
}

/** An opened generator: rows like the training rows, made up. */
export interface Sampler {
  readonly description: SamplerDescription;
  /**
   * Raw rows packed one after the other, in order, at most `SAMPLE_BLOCK_ROWS` at a time; in all `count` of them. Equal seeds
   * give equal bytes on equal devices. Throws `INVALID_INPUT` for a count, place or seed that is no whole number, and for
   * conditions that the model has not, or with values that training never saw.
   */
  sample(count: number, options: SampleOptions): AsyncGenerator<Float32Array>;
  /**
   * Raw rows of images made of two styles each, one after the other; each keeps the condition that its row has. Throws `PRECONDITION_FAILED`
   * where the generator has no styles.
   */
  sampleStyled(
    images: readonly StyledImage[],
    options: Pick<SampleOptions, 'seed' | 'truncation' | 'condition'>,
  ): Promise<Float32Array>;
  /** Raw rows -> records with named values, an image as the bytes of a PNG; a `Detector` encodes them to the same rows. */
  decode(rows: Float32Array): RawRecord[];
  close(): Promise<void>;
}

export type OpenSamplerOptions = OpenDetectorOptions;

/**
 * Rows that the generator makes at a time. Block k of a sequence is always made whole, from noise of its own, so that a row
 * is the same in every sample that holds it. Changing this changes every sample.
 */
export const SAMPLE_BLOCK_ROWS = 256;

/** Rows of a block of this model. */
export const blockRowsOf = ({ image }: Pick<FeatureSchema, 'image'>): number =>
  image ? Math.min(SAMPLE_BLOCK_ROWS, imagesPerBlock(image.size)) : SAMPLE_BLOCK_ROWS;

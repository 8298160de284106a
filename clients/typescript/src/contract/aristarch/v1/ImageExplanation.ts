// Original file: proto/aristarch/v1/aristarch.proto


/**
 * Where an image differs from the nearest normal one of the training images, in pixels of the size that the model sees.
 */
export interface ImageExplanation {
  /**
   * PNG in grey: how much each pixel's difference adds to the score, smoothed, the most being white.
   */
  'heatMapPng'?: (Buffer | Uint8Array | string);
  /**
   * PNG of the nearest normal image.
   */
  'counterpartPng'?: (Buffer | Uint8Array | string);
  /**
   * The pixel that adds most, from 0.
   */
  'row'?: (number);
  'column'?: (number);
}

/**
 * Where an image differs from the nearest normal one of the training images, in pixels of the size that the model sees.
 */
export interface ImageExplanation__Output {
  /**
   * PNG in grey: how much each pixel's difference adds to the score, smoothed, the most being white.
   */
  'heatMapPng': (Buffer);
  /**
   * PNG of the nearest normal image.
   */
  'counterpartPng': (Buffer);
  /**
   * The pixel that adds most, from 0.
   */
  'row': (number);
  'column': (number);
}

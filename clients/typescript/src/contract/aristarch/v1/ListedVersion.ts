// Original file: proto/aristarch/v1/aristarch.proto


export interface ListedVersion {
  'version'?: (string);
  /**
   * "available" is opened by the first request, "loaded" is open, "refused" cannot be served and is left alone until its files
   * change.
   */
  'state'?: (string);
  /**
   * Why it was refused.
   */
  'reason'?: (string);
}

export interface ListedVersion__Output {
  'version': (string);
  /**
   * "available" is opened by the first request, "loaded" is open, "refused" cannot be served and is left alone until its files
   * change.
   */
  'state': (string);
  /**
   * Why it was refused.
   */
  'reason': (string);
}

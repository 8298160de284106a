// Original file: proto/aristarch/v1/aristarch.proto

import type { ListedVersion as _aristarch_v1_ListedVersion, ListedVersion__Output as _aristarch_v1_ListedVersion__Output } from '../../aristarch/v1/ListedVersion.ts';

export interface ListedModel {
  'model'?: (string);
  /**
   * Oldest first.
   */
  'versions'?: (_aristarch_v1_ListedVersion)[];
  /**
   * The version that answers requests which name none; empty before the first of them.
   */
  'servingVersion'?: (string);
  /**
   * Whether it answers requests that name no model.
   */
  'isDefault'?: (boolean);
  /**
   * Whether UnloadModel has taken it out of service.
   */
  'unloaded'?: (boolean);
  /**
   * The version that its serving.json pins; empty where that pins none, and the newest serves.
   */
  'pinnedVersion'?: (string);
  /**
   * Why its serving.json cannot be used, so that what it said before holds; empty where it can.
   */
  'servingFault'?: (string);
}

export interface ListedModel__Output {
  'model': (string);
  /**
   * Oldest first.
   */
  'versions': (_aristarch_v1_ListedVersion__Output)[];
  /**
   * The version that answers requests which name none; empty before the first of them.
   */
  'servingVersion': (string);
  /**
   * Whether it answers requests that name no model.
   */
  'isDefault': (boolean);
  /**
   * Whether UnloadModel has taken it out of service.
   */
  'unloaded': (boolean);
  /**
   * The version that its serving.json pins; empty where that pins none, and the newest serves.
   */
  'pinnedVersion': (string);
  /**
   * Why its serving.json cannot be used, so that what it said before holds; empty where it can.
   */
  'servingFault': (string);
}

// Original file: proto/aristarch/v1/aristarch.proto


export interface Calibrated {
  'group'?: (string);
  'threshold'?: (number | string);
}

export interface Calibrated__Output {
  'group': (string);
  'threshold': (number);
}

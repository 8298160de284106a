/** What an executor will be asked for, as far as it is known when it is opened: by it `auto` judges whether a device is worth its calls. */
export type Work =
  /** Steps of a table's networks, or calls of a critic: so many rows each, hidden layers of so many units. */
  | { readonly kind: 'training' | 'scoring'; readonly rows: number; readonly width: number }
  /** Networks of convolutions: so many images in a step or a call, of so many pixels a side, the widest layer of so many channels. */
  | { readonly kind: 'images'; readonly images: number; readonly size: number; readonly channels: number };

/** Features in the networks that were measured. */
const FEATURES = 64;

/** Units of the two hidden layers of a network with so many parameters: 64 w + w^2 of them. What a row costs grows with those, whatever the layers. */
export function widthOf(parameters: number): number {
  return Math.round(Math.sqrt(parameters + (FEATURES / 2) ** 2) - FEATURES / 2);
}

/** The same of an ONNX file, most of which is parameters. */
export const widthOfFile = (onnx: Uint8Array): number => widthOf(onnx.byteLength / Float32Array.BYTES_PER_ELEMENT);

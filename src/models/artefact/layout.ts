import { createHash } from 'node:crypto';

/** Names inside an artefact's folder. */
export const MANIFEST_FILE = 'manifest.json';
export const CRITIC_FILE = 'critic.onnx';
export const EXPLAIN_FILE = 'explain.onnx';
export const GENERATOR_FILE = 'generator.onnx';
/** Normal images, a byte a pixel, one after the other: where an explanation of an image looks for its counterpart. */
export const NORMALS_FILE = 'normals.bin';
/** What gives an image the style of another one: layers of the critic, and a decoder behind them. */
export const STYLIZER_FILE = 'stylizer.bin';
export const REPORT_FILE = 'report.html';
/** What translates raw rows of a source into those of the target. */
export const translatorFile = (source: string): string => `translate-${source}.onnx`;
/** What the networks have learnt, for training that goes on from the model. */
export const WEIGHTS_FILE = 'weights.bin';

/** The key under which the manifest keeps its own hash; it is no part of `Manifest`. */
export const MANIFEST_HASH_KEY = 'manifestSha256';
const NO_HASH = '0'.repeat(64);

/** A plain file name, so that no entry can point out of the folder. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name) && name !== MANIFEST_FILE;
}

export function sha256Of(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Adds the manifest's own hash: of this text, with zeros in its place. A flipped digit in the calibration shows, too. */
export function sealManifest(manifest: Readonly<Record<string, unknown>>): string {
  const text = toReadableJson({ ...manifest, [MANIFEST_HASH_KEY]: NO_HASH });
  return withHash(text, sha256Of(text));
}

/** Whether the text of a manifest is what was sealed with `hash`. */
export function isSealed(text: string, hash: string): boolean {
  return sha256Of(withHash(text, NO_HASH)) === hash;
}

function withHash(text: string, hash: string): string {
  return text.replace(new RegExp(`("${MANIFEST_HASH_KEY}": ")[0-9a-f]*"`), `$1${hash}"`);
}

/** Indented JSON with every list of numbers on one line: ten thousand calibration scores are one line, not ten thousand. */
function toReadableJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const flat = text.replace(/\[\n[^[\]{}"]*\n *\]/g, (list) =>
    list.replace(/\s+/g, ' ').replace('[ ', '[').replace(' ]', ']'),
  );
  return `${flat}\n`;
}

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { AristarchError, messageOf } from '../../base/errors.ts';

/**
 * A signature of a model: Ed25519 (RFC 8032) over the bytes of manifest.json, which holds the hash of every other file. It says
 * who let the model be served; the hashes alone say only that nothing was changed by accident.
 */
export const SIGNATURE_FILE = 'manifest.sig';

const HOW_TO_MAKE = 'openssl genpkey -algorithm ed25519';

/** Reads a private key in PEM; throws `NOT_FOUND` or `INVALID_INPUT`, which says nothing of what stands in the file. */
export function readSigningKey(path: string): Promise<KeyObject> {
  return readKey(path, createPrivateKey, `a private Ed25519 key in PEM, without a passphrase (${HOW_TO_MAKE})`);
}

/** Reads a public key in PEM; throws `NOT_FOUND` or `INVALID_INPUT`. */
export function readTrustedKey(path: string): Promise<KeyObject> {
  const read = (pem: Buffer): KeyObject => {
    // A private key would do as well, and must not lie on the machine that serves.
    if (pem.includes('PRIVATE KEY')) throw new AristarchError('INVALID_INPUT', 'private');
    return createPublicKey(pem);
  };
  return readKey(path, read, `a public Ed25519 key in PEM (openssl pkey -in private.pem -pubout)`);
}

async function readKey(path: string, parse: (pem: Buffer) => KeyObject, wanted: string): Promise<KeyObject> {
  const pem = await readFile(path).catch((cause: unknown) => {
    throw new AristarchError('NOT_FOUND', `the key ${path} cannot be read (${messageOf(cause)}): check the path`, {
      path,
    });
  });
  const key = attempt(() => parse(pem));
  if (key?.asymmetricKeyType === 'ed25519') return key;
  throw new AristarchError('INVALID_INPUT', `${path} is not ${wanted}`, { path });
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** The content of `manifest.sig`: base64 and a line break. */
export function signManifest(manifest: Uint8Array, key: KeyObject): string {
  return `${sign(null, manifest, key).toString('base64')}\n`;
}

/** Whether one of the keys made the signature. */
export function isSignedBy(manifest: Uint8Array, signature: string, keys: readonly KeyObject[]): boolean {
  const bytes = Buffer.from(signature.trim(), 'base64');
  return keys.some((key) => verify(null, manifest, key, bytes));
}

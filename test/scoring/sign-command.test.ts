import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readTrustedKey } from '../../src/models/artefact/signature.ts';
import { openDetector } from '../../src/scoring/open-detector.ts';
import { createSignCommand } from '../../src/scoring/sign-command.ts';
import { useDataFolder } from '../support/data-files.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const data = useDataFolder();

async function writeKeys(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: await data.write(`${name}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    publicKey: await data.write(`${name}.pub`, publicKey.export({ type: 'spki', format: 'pem' }).toString()),
  };
}
type Keys = Awaited<ReturnType<typeof writeKeys>>;
let ours: Keys;
let theirs: Keys;
beforeAll(async () => {
  ours = await writeKeys('ours');
  theirs = await writeKeys('theirs');
});

async function sign(model: string, key: string) {
  const terminal = createListeningTerminal();
  await createSignCommand(terminal).parseAsync(['--model', model, '--key', key], { from: 'user' });
  return { said: terminal.out() + terminal.err(), failed: (terminal.exitCode() ?? 0) !== 0 };
}

const openTrusting = async (model: string, ...keys: string[]) => {
  const trustedKeys = await Promise.all(keys.map((key) => readTrustedKey(key)));
  const detector = await openDetector(model, { device: 'cpu', trustedKeys });
  await detector.close();
};

describe('a signed model', () => {
  it('is opened by who trusts its key, among others', async () => {
    const model = await writeTinyModel(data.path('signed'));
    const { said, failed } = await sign(model, ours.privateKey);
    expect(failed).toBe(false);
    expect(said).toMatch(/signed model ".*", version .*manifest\.sig/);
    await openTrusting(model, theirs.publicKey, ours.publicKey);
  });

  it('is refused without a signature, with one of another key, and with one of another model', async () => {
    const model = await writeTinyModel(data.path('unsigned'));
    await expect(openTrusting(model, ours.publicKey)).rejects.toThrow(/only signed models are taken.*is not there/);
    await sign(model, theirs.privateKey);
    await expect(openTrusting(model, ours.publicKey)).rejects.toThrow(/none of the trusted keys/);
    const other = await writeTinyModel(data.path('other'), { manifest: { name: 'other' } });
    await sign(other, ours.privateKey);
    await writeFile(join(model, 'manifest.sig'), await readFile(join(other, 'manifest.sig')));
    await expect(openTrusting(model, ours.publicKey)).rejects.toThrow(/or for another model/);
    await writeFile(join(model, 'manifest.sig'), 'no base64 at all \u0000');
    await expect(openTrusting(model, ours.publicKey)).rejects.toThrow(/none of the trusted keys/);
  });

  it('is not made by a key that is none, and the private key is not taken where models are served', async () => {
    const model = await writeTinyModel(data.path('keys'));
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const pem = await data.write('rsa.key', rsa.export({ type: 'pkcs8', format: 'pem' }).toString());
    for (const key of [pem, await data.write('text.key', 'hunter2'), ours.publicKey, data.path('gone.key')]) {
      const { said, failed } = await sign(model, key);
      expect(failed).toBe(true);
      expect(said).toMatch(/is not a private Ed25519 key|cannot be read/);
      expect(said).not.toContain('hunter2');
    }
    await expect(openTrusting(model, ours.privateKey)).rejects.toThrow(/is not a public Ed25519 key/);
  });

  it('is checked first: a model that was changed is not signed', async () => {
    const model = await writeTinyModel(data.path('changed'));
    await writeFile(join(model, 'critic.onnx'), 'changed');
    const { said, failed } = await sign(model, ours.privateKey);
    expect(failed).toBe(true);
    expect(said).toMatch(/critic\.onnx is corrupt or was changed/);
  });
});

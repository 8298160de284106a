import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { type ActionContext, emitJson, emitText, runAction } from '../base/command-line.ts';
import { writeFileAtomic } from '../base/files.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { MANIFEST_FILE } from '../models/artefact/layout.ts';
import { readArtefact } from '../models/artefact/read.ts';
import { readSigningKey, SIGNATURE_FILE, signManifest } from '../models/artefact/signature.ts';

const EXAMPLES = `
Make a pair of keys once, and keep the private one away from where models are served:
  openssl genpkey -algorithm ed25519 -out private.pem
  openssl pkey -in private.pem -pubout -out public.pem

Sign each model that may be served, and serve signed ones only:
  aristarch sign --model models/m --key private.pem
  aristarch serve --model models/m --trusted-keys public.pem`;

export function createSignCommand(terminal: Terminal = processTerminal()): Command {
  return new Command('sign')
    .description('Sign a model, so that "serve --trusted-keys" takes it. The model is checked first.')
    .requiredOption('--model <folder>', 'folder of the trained model')
    .requiredOption('--key <file>', 'private Ed25519 key in PEM')
    .option('--json', 'write the result as JSON to standard output')
    .addHelpText('after', EXAMPLES)
    .action(runAction(signModel, terminal));
}

async function signModel({ command, terminal, json }: ActionContext): Promise<void> {
  const { model, key } = command.opts<{ model: string; key: string }>();
  const signingKey = await readSigningKey(key);
  const { manifest } = await readArtefact(model);
  const path = join(model, SIGNATURE_FILE);
  await writeFileAtomic(path, signManifest(await readFile(join(model, MANIFEST_FILE)), signingKey));
  const facts = { model: manifest.name, version: manifest.version, signature: path };
  if (json) emitJson(terminal, facts);
  else emitText(terminal, `signed model "${manifest.name}", version ${manifest.version}: ${path}`);
}

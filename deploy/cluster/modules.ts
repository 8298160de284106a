import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

/** Go modules whose files describe Kubernetes, its extensions and the fake node; the proxy of Go modules has them. */
export const MODULES = z
  .object({
    kubernetes: z.string(),
    kwok: z.string(),
    extensions: z.array(z.object({ module: z.string(), folder: z.string(), kinds: z.array(z.string()) })),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'modules.json'), 'utf8')));

/** The folder of a module's source, fetched where it is not there yet. Throws without Go. */
export function moduleFolder(module: string): string {
  const env = { ...process.env, GOFLAGS: '-mod=mod' };
  const text = execFileSync('go', ['mod', 'download', '-json', module], { cwd: '/', env, encoding: 'utf8' });
  return z.object({ Dir: z.string() }).parse(JSON.parse(text)).Dir;
}

const definitionSchema = z.looseObject({
  kind: z.literal('CustomResourceDefinition'),
  spec: z.looseObject({ names: z.looseObject({ kind: z.string() }) }),
});

/** The definitions of the extensions whose kinds the chart makes, as their projects publish them. */
export function readExtensions(): readonly object[] {
  return MODULES.extensions.flatMap(({ module, folder, kinds }) => {
    const path = join(moduleFolder(module), folder);
    const found = readDocuments(path).flatMap((document) => definitionSchema.safeParse(document).data ?? []);
    const wanted = found.filter(({ spec }) => kinds.includes(spec.names.kind));
    if (wanted.length !== kinds.length) throw new Error(`${module} does not define all of ${kinds.join(', ')}`);
    return wanted;
  });
}

/** How the fake node and its pods go on: kwok's own stages, in which a pod is ready at once. */
export function readStages(): string {
  const root = join(moduleFolder(MODULES.kwok), 'kustomize/stage');
  const stages = ['node/fast', 'node/heartbeat-with-lease', 'pod/fast'].flatMap((folder) =>
    readDocuments(join(root, folder)),
  );
  return stages
    .filter((document) => z.looseObject({ kind: z.literal('Stage') }).safeParse(document).success)
    .map((document) => JSON.stringify(document))
    .join('\n---\n');
}

function readDocuments(folder: string): unknown[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const documents = files.flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), 'utf8')));
  return documents.map((document): unknown => document.toJS());
}

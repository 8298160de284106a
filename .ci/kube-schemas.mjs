// Strict JSON schemas for kubeconform, of the kinds that the chart makes, without asking a server; and the schema of Compose.
// Usage: node .ci/kube-schemas.mjs   (needs go, and reads Kubernetes' own description and the definitions of its extensions out of their modules)
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseAllDocuments } from 'yaml';

const OUT = resolve(import.meta.dirname, '../test/deploy/schemas');
const MODULES = resolve(import.meta.dirname, '../deploy/cluster/modules.json');
const { kubernetes: KUBERNETES, extensions: EXTENSIONS } = JSON.parse(readFileSync(MODULES, 'utf8'));
const COMPOSE = ['github.com/compose-spec/compose-go/v2@v2.16.2', 'schema/compose-spec.json'];
const KINDS = [
  ...['Deployment', 'Service', 'ServiceAccount', 'ConfigMap', 'Job', 'CronJob', 'Ingress', 'NetworkPolicy'],
  ...['PodDisruptionBudget', 'HorizontalPodAutoscaler'],
];

/** The folder of a module's source. */
function moduleFolder(module) {
  const text = execFileSync('go', ['mod', 'download', '-json', module], {
    cwd: '/',
    env: { ...process.env, GOFLAGS: '-mod=mod' },
    encoding: 'utf8',
  });
  return JSON.parse(text).Dir;
}

/** Every CustomResourceDefinition of the kinds that the chart makes: kind -> definition. */
function readExtensions() {
  const found = {};
  for (const { module, folder, kinds } of EXTENSIONS) {
    const path = join(moduleFolder(module), folder);
    for (const name of readdirSync(path).filter((file) => file.endsWith('.yaml'))) {
      for (const document of parseAllDocuments(readFileSync(join(path, name), 'utf8'))) {
        const definition = document.toJS();
        const kind = definition?.spec?.names?.kind;
        if (definition?.kind === 'CustomResourceDefinition' && kinds.includes(kind)) found[kind] = definition;
      }
    }
  }
  return found;
}

/** Without words, and with unknown keys refused. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string') {
    return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  }
  const kept = Object.entries(schema).filter(([key]) => key !== 'description' && !key.startsWith('x-kubernetes'));
  const made = Object.fromEntries(
    kept.map(([key, value]) => {
      if (key === 'properties') return [key, Object.fromEntries(Object.entries(value).map(([k, v]) => [k, strict(v)]))];
      return [key, key === 'enum' || key === 'default' || key === 'required' ? value : strict(value)];
    }),
  );
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (made.properties !== undefined && made.additionalProperties === undefined && !isOpen)
    made.additionalProperties = false;
  return made;
}

/** A kind of Kubernetes itself, with the definitions that it refers to. */
function kindSchema(definitions, name) {
  const reached = {};
  const open = [name];
  while (open.length > 0) {
    const next = open.pop();
    if (Object.hasOwn(reached, next)) continue;
    reached[next] = next.endsWith('.resource.Quantity') ? { type: ['string', 'number'] } : strict(definitions[next]);
    open.push(...[...JSON.stringify(reached[next]).matchAll(/"#\/definitions\/([^"]+)"/g)].map(([, found]) => found));
  }
  return { $ref: `#/definitions/${name}`, definitions: reached };
}

function writeSchema(kind, group, version, schema) {
  const prefix = group === '' ? '' : `${group.split('.')[0]}-`;
  writeFileSync(join(OUT, `${kind.toLowerCase()}-${prefix}${version}.json`), `${JSON.stringify(schema)}\n`);
}

const withoutWords = (key, value) => (key === 'description' && typeof value === 'string' ? undefined : value);

function writeAll() {
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(OUT, { recursive: true });
  const description = join(moduleFolder(KUBERNETES), 'api/openapi-spec/swagger.json');
  const { definitions } = JSON.parse(readFileSync(description, 'utf8'));
  for (const [name, definition] of Object.entries(definitions)) {
    for (const { kind, group, version } of definition['x-kubernetes-group-version-kind'] ?? []) {
      if (KINDS.includes(kind) && /^v\d+$/.test(version))
        writeSchema(kind, group, version, kindSchema(definitions, name));
    }
  }
  const [module, file] = COMPOSE;
  const compose = JSON.parse(readFileSync(join(moduleFolder(module), file), 'utf8'), withoutWords);
  writeFileSync(join(OUT, 'compose-spec.json'), `${JSON.stringify(compose)}\n`);
  for (const [kind, { spec }] of Object.entries(readExtensions())) {
    for (const { name, schema } of spec.versions) {
      const { properties, ...rest } = schema.openAPIV3Schema;
      // A definition says nothing of what every object has.
      const metadata = { type: 'object' };
      writeSchema(kind, spec.group, name, strict({ ...rest, properties: { ...properties, metadata } }));
    }
  }
}

writeAll();

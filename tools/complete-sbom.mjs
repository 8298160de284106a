// Adds what npm does not know of to a CycloneDX bill of materials: node tools/complete-sbom.mjs FILE WHAT...
// WHAT is application:NAME@VERSION, container:IMAGE:TAG@sha256:DIGEST, or a file of Python's pinned requirements.
import { readFileSync, writeFileSync } from 'node:fs';

/** A row for each way to name something: its pattern, and the components that it stands for. */
const KINDS = [
  {
    pattern: /^application:(.+)@([^@]+)$/,
    toComponents: ([name, version]) => [{ type: 'application', name, version }],
  },
  {
    pattern: /^container:(.+):([^:@]+)@sha256:([0-9a-f]{64})$/,
    toComponents: ([name, version, content]) => [
      {
        type: 'container',
        name,
        version,
        purl: `pkg:docker/${name}@${version}`,
        hashes: [{ alg: 'SHA-256', content }],
      },
    ],
  },
  {
    pattern: /^([\w./-]+\.txt)$/,
    toComponents: ([path]) =>
      [...readFileSync(path, 'utf8').matchAll(/^([\w-]+)==([\w.]+)/gm)].map(([, name, version]) => ({
        ...{ type: 'library', name, version },
        purl: `pkg:pypi/${name}@${version}`,
      })),
  },
];

function describe(text) {
  for (const { pattern, toComponents } of KINDS) {
    const [, ...parts] = pattern.exec(text) ?? [];
    if (parts.length > 0) return toComponents(parts);
  }
  throw new Error(
    `application:NAME@VERSION, container:IMAGE:TAG@sha256:DIGEST or a file of requirements is expected; found ${text}`,
  );
}

const [file, ...given] = process.argv.slice(2);
const bill = JSON.parse(readFileSync(file, 'utf8'));
bill.components.push(...given.flatMap(describe));
writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`);

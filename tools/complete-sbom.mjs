// Adds what npm does not know of to a CycloneDX bill of materials: node tools/complete-sbom.mjs FILE TYPE:NAME@VERSION...
import { readFileSync, writeFileSync } from 'node:fs';

const [file, ...given] = process.argv.slice(2);
const bill = JSON.parse(readFileSync(file, 'utf8'));
for (const text of given) {
  const [, type, name, version] = /^(application|library):(.+)@([^@]+)$/.exec(text) ?? [];
  if (version === undefined)
    throw new Error(`TYPE:NAME@VERSION is expected, as in application:node@24.1.0; found ${text}`);
  bill.components.push({ type, name, version });
}
writeFileSync(file, `${JSON.stringify(bill, undefined, 2)}\n`);

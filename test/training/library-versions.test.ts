import { readFile } from 'node:fs/promises';
import { expect, it } from '@jest/globals';
import { libraryVersions } from '../../src/training/export-model.ts';

it('the manifest names the versions of libraries that are installed, and no ranges', async () => {
  const libraries = await libraryVersions();
  expect(libraries).toMatchObject({ node: process.versions.node });
  for (const name of ['onnxruntime-node', '@duckdb/node-api']) {
    const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: libraries[name] });
  }
});

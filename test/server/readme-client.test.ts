import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';
import { createServeFixture } from '../support/serve-fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const serve = createServeFixture();

it("runs the README's client against a server, and it prints what the server answers", async () => {
  const { addresses } = await serve();
  const client = /```js\n([\s\S]*?)```/.exec(readFileSync(resolve(ROOT, 'README.md'), 'utf8'))![1]!;
  expect(client).toContain("'127.0.0.1:50051'");
  const program = client.replace('127.0.0.1:50051', addresses.grpc).replace('+ 1000', '+ 20_000');
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: ROOT,
  });
  // The double's score is the amount, calibrated on 999 scores below 10.
  expect(stdout).toMatch(/score: 129\.899\d+,\s+pValue: 0\.001,\s+anomalous: true,\s+threshold: 9\.8999/);
});

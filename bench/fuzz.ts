import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { addRecords, describePage, recordSchema, resultSchema, type Result } from './fuzz/page.ts';
import { readResult, writeDocument } from './support/documents.ts';

const HELP = `npm run fuzz [-- OPTIONS]

Sends mutated inputs to all three entrances (gRPC with the Open Inference Protocol, streams and frames of HTTP/2; HTTP; Kafka's events and
batches), as the tests do, but many more of them. Exit code 1 at the first input that is answered wrongly, or of which something stays.

  --inputs N   of each campaign (some have a part of it); 15000
  --seed N     another seed gives other inputs; 20260101
  --only WORD  the files of test/server/fuzz whose names have it: grpc, inference, stream, wire, http, kafka
  --write      write docs/fuzz.md and docs/fuzz.json; campaigns that did not run keep what was written of them before`;

const ROOT = resolve(import.meta.dirname, '..');

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ...{ inputs: { type: 'string', default: '15000' }, seed: { type: 'string', default: '20260101' } },
      ...{ only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-fuzz-'));
  try {
    const record = join(folder, 'record.ndjson');
    const env = { FUZZ_INPUTS: values.inputs, FUZZ_SEED: values.seed, FUZZ_RECORD: record };
    const code = await runTests(`test/server/fuzz/${values.only}`, env);
    if (code !== 0) {
      process.exitCode = 1;
      return;
    }
    const lines = (await readFile(record, 'utf8')).trim().split('\n');
    const records = lines.map((line) => recordSchema.parse(JSON.parse(line)));
    const before = resultSchema.safeParse(await readResult('fuzz.json'));
    const earlier: Result = before.success ? before.data : { campaigns: [] };
    const result = values.write ? addRecords(earlier, records) : { campaigns: records };
    console.log(describePage(result));
    if (!values.write) return;
    await writeDocument('fuzz.json', JSON.stringify(result));
    await writeDocument('fuzz.md', describePage(result));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runTests(path: string, env: Readonly<Record<string, string>>): Promise<number | null> {
  const args = ['test', '--', '--runInBand', path];
  const child = spawn('npm', args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

await main();

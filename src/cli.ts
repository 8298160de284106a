#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { createEvaluateCommand } from './scoring/evaluate-command.ts';
import { createScoreCommand } from './scoring/score-command.ts';
import { createServeCommand } from './server/command.ts';

/** Every command of Aristarch, in the order of `--help`. A command lives in its room; here it gets one line. */
const COMMANDS: readonly (() => Command)[] = [
  () => createScoreCommand(),
  () => createEvaluateCommand(),
  () => createServeCommand(),
];

const EXAMPLES = `
Examples:
  aristarch train --data normal.parquet --out models/m        fit a detector to normal rows
  aristarch score --model models/m --data new.parquet --out scored.parquet
  aristarch evaluate --model models/m --data test.parquet --label label
  aristarch serve --model models/m                            gRPC, HTTP and (with --kafka-brokers) Kafka
  aristarch demo                                              all of it on generated data

In a checkout, each command is an npm script: npm run train -- --data normal.parquet.
Every command explains its options: aristarch train --help. Those that report take --json.
`;

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const program = new Command('aristarch')
  .description(
    'Anomaly detection with trained critics: fit a detector to normal rows, then score new ones with calibrated p-values.',
  )
  .version(version, '-v, --version', 'print the version')
  .helpOption('-h, --help', 'explain the command')
  .showHelpAfterError('(add --help for an explanation)')
  .addHelpText('after', EXAMPLES);
for (const createCommand of COMMANDS) program.addCommand(createCommand().copyInheritedSettings(program));

// A reader that closes the pipe (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
await program.parseAsync();

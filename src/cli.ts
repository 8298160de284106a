#!/usr/bin/env node
import { Command } from 'commander';
import { reportError } from './base/command-line.ts';
import { endAsFirstProcess } from './base/ending-signals.ts';
import { outliveOutputs } from './base/outputs.ts';
import { processTerminal } from './base/terminal.ts';
import { readVersion } from './base/version.ts';

/**
 * Every command of Aristarch, in the order of `--help`. A command lives in its room; here it gets one line. Only the one
 * that is asked for is loaded: scoring a file does not wait for the Kafka client.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  train: async () => (await import('./training/command.ts')).createTrainCommand(),
  score: async () => (await import('./scoring/score-command.ts')).createScoreCommand(),
  evaluate: async () => (await import('./scoring/evaluate-command.ts')).createEvaluateCommand(),
  sample: async () => (await import('./scoring/sample-command.ts')).createSampleCommand(),
  stylize: async () => (await import('./scoring/stylize/command.ts')).createStylizeCommand(),
  sign: async () => (await import('./scoring/sign-command.ts')).createSignCommand(),
  translate: async () => (await import('./scoring/translate-command.ts')).createTranslateCommand(),
  serve: async () => (await import('./server/command.ts')).createServeCommand(),
  sync: async () => (await import('./server/sync-command.ts')).createSyncCommand(),
  prune: async () => (await import('./server/prune-command.ts')).createPruneCommand(),
  replay: async () => (await import('./server/replay-command.ts')).createReplayCommand(),
  demo: async () => (await import('./demo/command.ts')).createDemoCommand(),
  doctor: async () => (await import('./doctor/command.ts')).createDoctorCommand(),
};

const EXAMPLES = `
Examples:
  aristarch train --data normal.parquet --out models/m        fit a detector to normal rows
  aristarch score --model models/m --data new.parquet --out scored.parquet
  aristarch evaluate --model models/m --data test.parquet --label label
  aristarch sample --model models/m --out synthetic.parquet   made-up rows like the training rows
  aristarch stylize --model models/m --content a.png --style b.png --out c.png   an image in another one's style
  aristarch translate --model models/m --from a --data a.parquet --out as-m.parquet   rows of another source
  aristarch serve --model models/m                            gRPC, HTTP and (with --kafka-brokers) Kafka
  aristarch sync --from s3://bucket/models --to models        models from S3 or a web server, kept as they are there
  aristarch prune --models models --keep 7                    old versions, that nobody serves any longer, removed
  aristarch replay --dead-letter rejects --topic-in events    refused Kafka events, once the reason is gone
  aristarch demo                                              all of it on generated data
  aristarch doctor                                            what this machine has, and what each device would do

In a checkout, each command is an npm script: npm run train -- --data normal.parquet.
Every command explains its options: aristarch train --help. Those that report take --json.
`;

endAsFirstProcess(process);
outliveOutputs(process, (error) => reportError(error, processTerminal(), process.argv.includes('--json')));

const program = new Command('aristarch')
  .description(
    'Anomaly detection with trained critics: fit a detector to normal rows, then score new ones with calibrated p-values.',
  )
  .version(readVersion(), '-v, --version', 'print the version')
  .helpOption('-h, --help', 'explain the command')
  .showHelpAfterError('(add --help for an explanation)')
  .addHelpText('after', EXAMPLES);
const asked = process.argv[2] ?? '';
for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
  program.addCommand((await COMMANDS[name]!()).copyInheritedSettings(program));
}

await program.parseAsync();

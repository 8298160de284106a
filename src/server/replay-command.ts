import { Command } from 'commander';
import { type ActionContext, emitJson, emitText, runAction } from '../base/command-line.ts';
import { AristarchError, ERROR_CODES, type ErrorCode } from '../base/errors.ts';
import { nameList, text } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, readSettingsFile, resolveSettings } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { createLog } from './log.ts';
import { toConnection } from './kafka-config.ts';
import { openKafkaClient } from './kafka/open-client.ts';
import { replayDeadLetters, type ReplaySummary } from './kafka/replay.ts';
import { KAFKA_CONNECTION_SETTINGS } from './settings/kafka-connection.ts';

const REPLAY_SETTINGS = {
  ...KAFKA_CONNECTION_SETTINGS,
  ...defineSettings({
    deadLetter: {
      schema: text(),
      flag: '--dead-letter <topic>',
      env: 'ARISTARCH_KAFKA_DEAD_LETTER',
      help: 'topic of the events that could not be scored',
    },
    topicIn: {
      schema: text(),
      flag: '--topic-in <topic>',
      env: 'ARISTARCH_KAFKA_TOPIC_IN',
      help: 'topic that they came from, and go to again',
    },
    reasons: {
      schema: nameList().refine((names) => names.every((name) => Object.hasOwn(ERROR_CODES, name)), {
        error: `codes of docs/errors.md are needed: ${Object.keys(ERROR_CODES).join(', ')}`,
      }),
      default: [],
      flag: '--reasons <codes>',
      help: 'only letters with these codes, such as SCHEMA_MISMATCH; each choice of codes has its own place in the topic',
      list: true,
    },
  }),
};

// Not settings: a replay is short, and nobody waits for it.
const CLIENT = { concurrency: 1, sessionTimeoutMs: 30_000, compression: 'none' } as const;

const EXAMPLES = `
Examples:
  aristarch replay --kafka-brokers localhost:9092 --dead-letter rejects --topic-in events --dry-run
  aristarch replay --kafka-brokers localhost:9092 --dead-letter rejects --topic-in events --reasons SCHEMA_MISMATCH

Each letter is sent again once, however often this is run and wherever it is cut, by the same --reasons and for as long as the broker keeps
the place (offsets.retention.minutes, seven days by default); after that a run begins at the first letter there is. What is refused again
comes back to the dead-letter topic with a higher count in its header aristarch-replays.`;

export function createReplayCommand(terminal: Terminal = processTerminal()): Command {
  const command = new Command('replay')
    .description('Send the events of a dead-letter topic to their topic again, once the reason is gone.')
    .option('--config <file>', 'JSON file of settings by name; flags and environment win')
    .option('--dry-run', 'count them, and change nothing')
    .option('--json', 'write the counts as JSON to standard output');
  addOptions(command, REPLAY_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction((context) => replay(context), terminal));
}

async function replay({ command, terminal, json }: ActionContext): Promise<void> {
  const path: unknown = command.opts()['config'];
  const file = typeof path === 'string' ? { file: await readSettingsFile(path) } : {};
  const config = resolveSettings(REPLAY_SETTINGS, { flags: givenFlags(command), env: process.env, ...file });
  const { deadLetter, topicIn } = config;
  const reasons = config.reasons.length === 0 ? undefined : (config.reasons as ErrorCode[]).toSorted();
  const groupId = ['aristarch-replay', topicIn, ...(reasons ?? [])].join('-');
  const log = createLog({ level: 'warn', stream: terminal.stderr, pretty: terminal.interactive, colors: false });
  const connection = { ...toConnection(config), groupId, topicIn: deadLetter, startAt: 'earliest' } as const;
  if (connection.brokers.length === 0)
    throw new AristarchError('INVALID_INPUT', 'replay needs --kafka-brokers <host:port,...>');
  const client = await openKafkaClient({ ...connection, ...CLIENT }, log);
  try {
    const dryRun = command.opts()['dryRun'] === true;
    const parts = { client, groupId, deadLetterTopic: deadLetter, eventsTopic: topicIn, reasons, dryRun };
    const summary = await replayDeadLetters(parts);
    if (json) emitJson(terminal, summary);
    else emitText(terminal, describe(summary, topicIn, dryRun));
  } finally {
    await client.close();
  }
}

function describe(
  { replayed, otherTopic, otherReason, bytesGone }: ReplaySummary,
  topic: string,
  dry: boolean,
): string {
  const done = `${replayed} event(s) ${dry ? 'would be' : 'were'} sent to "${topic}" again`;
  return `${done}; left: ${otherTopic} of other topics, ${otherReason} for other reasons, ${bytesGone} whose bytes are gone`;
}

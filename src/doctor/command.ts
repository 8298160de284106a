import { Command } from 'commander';
import { type ActionContext, emitJson, emitText, runAction } from '../base/command-line.ts';
import { createProgress } from '../base/progress.ts';
import { oneOf, realNumber } from '../base/setting-schemas.ts';
import { addOptions, defineSettings, givenFlags, resolveSettings } from '../base/settings.ts';
import { processTerminal, type Terminal } from '../base/terminal.ts';
import { DEVICES } from '../runtime/executor.ts';
import { openTerminalLog } from '../server/log.ts';
import { KAFKA_CONNECTION_SETTINGS } from '../server/settings/kafka-connection.ts';
import { askBrokers } from './brokers.ts';
import { findSurroundings, isWell, type DoctorReport } from './report.ts';
import { formatReport, formatVerdict } from './report-text.ts';
import { runSelfTest } from './self-test.ts';
import { judgeDevice, ownSelfTest, toVerdict, type SelfTestCommand, type Verdict } from './verdict.ts';

const { kafkaBrokers, ...CONNECTION } = KAFKA_CONNECTION_SETTINGS;

export const DOCTOR_SETTINGS = {
  ...defineSettings({
    selfTest: {
      schema: oneOf(DEVICES).optional(),
      flag: '--self-test <device>',
      help: `only the self-test of one device (${DEVICES.join(', ')}), in this process; doctor starts one so for each device`,
    },
    selfTestSeconds: {
      schema: realNumber({ min: 0.1, max: 600 }),
      default: 5,
      flag: '--self-test-seconds <seconds>',
      help: 'how long each device scores',
      unit: 's',
    },
    selfTestLimit: {
      schema: realNumber({ min: 1, max: 3600 }),
      default: 60,
      flag: '--self-test-limit <seconds>',
      help: 'a device that has not answered by then hangs; its process is ended',
      unit: 's',
    },
    kafkaBrokers: {
      ...kafkaBrokers,
      flag: '--brokers <host:port,...>',
      help: 'brokers to ask, each by itself; none when absent',
    },
  }),
  ...CONNECTION,
};

const EXAMPLES = `
Examples:
  aristarch doctor                                     what is here, and what each device does
  aristarch doctor --brokers localhost:9092            whether Kafka answers, too
  aristarch doctor --json > here.json                  for a report of a fault
  aristarch doctor --self-test webgpu                  one device in this process, with its driver's own words

Each device (cpu, webgpu, cuda, tfjs) scores the same rows by a critic of the usual size, in a process of its own, so that a
driver that crashes ends its own test and nothing else. Scores are held beside the CPU's. What is refused says why:
docs/guides/gpu.md says how to get it. The exit code is 1 where the CPU does not work or a broker that was named does not answer.`;

/** What the command takes from the process; other ones for tests. */
export interface DoctorCommandParts {
  readonly terminal?: Terminal;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly selfTest?: SelfTestCommand;
}

export function createDoctorCommand(parts: DoctorCommandParts = {}): Command {
  const command = new Command('doctor')
    .description('Say what this machine has, and what each device would do here; tests each of them for some seconds.')
    .option('--json', 'write the report as JSON to standard output');
  addOptions(command, DOCTOR_SETTINGS).addHelpText('after', EXAMPLES);
  return command.action(runAction((context) => run(context, parts), parts.terminal ?? processTerminal()));
}

async function run(context: ActionContext, parts: DoctorCommandParts): Promise<void> {
  const { command, terminal, json } = context;
  const config = resolveSettings(DOCTOR_SETTINGS, { flags: givenFlags(command), env: parts.env ?? process.env });
  if (config.selfTest !== undefined) {
    const result = await runSelfTest(config.selfTest, config.selfTestSeconds);
    if (json) emitJson(terminal, result);
    else emitText(terminal, formatVerdict(toVerdict(result)));
    return;
  }
  const selfTest = parts.selfTest ?? ownSelfTest(config.selfTestSeconds);
  const devices = await judgeDevices(terminal, selfTest, config.selfTestLimit * 1000);
  const brokers = await askBrokers(config, openTerminalLog('fatal', terminal));
  const report: DoctorReport = {
    ...(await findSurroundings()),
    ...{ devices, brokers, isWell: isWell(devices, brokers) },
  };
  if (json) emitJson(terminal, report);
  else emitText(terminal, formatReport(report));
  if (!report.isWell) terminal.setExitCode(1);
}

/** One after the other, so that each has the machine to itself. */
async function judgeDevices(terminal: Terminal, selfTest: SelfTestCommand, limitMs: number): Promise<Verdict[]> {
  const progress = createProgress(terminal, { label: 'testing', unit: 'devices', total: DEVICES.length });
  const verdicts: Verdict[] = [];
  for (const device of DEVICES) {
    progress.update(verdicts.length, device);
    verdicts.push(await judgeDevice(device, selfTest, limitMs));
  }
  progress.update(DEVICES.length);
  progress.finish();
  return verdicts;
}

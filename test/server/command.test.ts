import { EventEmitter } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServeCommand } from '../../src/server/command.ts';
import { createDetectorDouble, type DetectorDouble } from '../support/detector-double.ts';
import { createClientFixture, dense } from '../support/grpc-client.ts';
import { createListeningTerminal } from '../support/listening-terminal.ts';
import { until } from '../support/until.ts';

const connect = createClientFixture();
const FREE_PORTS = ['--grpc-port', '0', '--http-port', '0'];
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function run(
  args: readonly string[],
  detector: DetectorDouble = createDetectorDouble(),
  env: Record<string, string> = {},
) {
  const terminal = createListeningTerminal();
  const signals = new EventEmitter();
  const openDetector = () => Promise.resolve(detector);
  const command = createServeCommand({ terminal, env, signals, openDetector, exit: () => undefined });
  const ended = command.parseAsync(args, { from: 'user' });
  return { terminal, signals, ended };
}

async function writeConfig(values: unknown): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aristarch-serve-'));
  folders.push(folder);
  const path = join(folder, 'serve.json');
  await writeFile(path, typeof values === 'string' ? values : JSON.stringify(values));
  return path;
}

describe('aristarch serve', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('says as JSON where it serves, and ends well on %s', async (signal) => {
    const detector = createDetectorDouble();
    const { terminal, signals, ended } = run(['--model', 'm', '--json', ...FREE_PORTS], detector);
    await until('the server is ready', () => terminal.out().endsWith('}\n'));
    const ready = JSON.parse(terminal.out()) as { grpc: string };
    expect(ready).toMatchObject({ model: { name: 'double', device: 'cpu' } });
    expect((await connect(ready.grpc).score(dense(3))).results[0]!.score).toBe(3);
    signals.emit(signal, signal);
    await ended;
    expect(detector.closed()).toBe(true);
    expect(terminal.exitCode()).toBeUndefined();
    expect(signals.listenerCount(signal)).toBe(0);
  });

  it('logs its configuration without secrets, and when it is ready, on standard error only', async () => {
    const env = { ARISTARCH_KAFKA_SASL_PASSWORD: 'hunter2', ARISTARCH_KAFKA_SASL_USER: 'me' };
    const { terminal, signals, ended } = run(['--model', 'm', ...FREE_PORTS], createDetectorDouble(), env);
    await until('the server is ready', () => terminal.err().includes('ready: gRPC on'));
    signals.emit('SIGTERM', 'SIGTERM');
    await ended;
    const lines = terminal
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({ level: 'info', config: { model: 'm', grpcPort: 0, kafkaSaslPassword: '***' } });
    expect(lines.find((line) => 'readyMs' in line)).toMatchObject({ model: 'double', device: 'cpu' });
    expect(terminal.out()).toBe('');
    expect(terminal.err()).not.toMatch(/hunter2/);
  });

  it('prints the configuration with --dry-run, and starts nothing', async () => {
    const config = await writeConfig({ model: 'from-file', httpPort: 1234 });
    const { terminal, ended } = run(['--config', config, '--dry-run', '--grpc-port', '99']);
    await ended;
    expect(JSON.parse(terminal.out())).toMatchObject({ model: 'from-file', httpPort: 1234, grpcPort: 99 });
    expect(terminal.err()).toBe('');
  });

  it.each([
    ['a setting that is none', { model: 'm', port: 1 }, /unknown setting in the configuration file: port/],
    ['a text that is no JSON', '{', /serve\.json is not JSON/],
  ])('refuses a configuration file with %s in one message', async (_, values, message) => {
    const { terminal, ended } = run(['--config', await writeConfig(values)]);
    await ended;
    expect(terminal.err()).toMatch(message);
    expect(terminal.err()).not.toMatch(/ at .*\.ts:/);
    expect(terminal.exitCode()).toBe(1);
  });

  it('ends with the error, and the exit code 1, when Kafka never answers and the start is limited', async () => {
    const kafka = ['--kafka-brokers', '127.0.0.1:1', '--topic-in', 'a', '--topic-out', 'b', '--dead-letter', 'c'];
    const detector = createDetectorDouble();
    const { terminal, ended } = run(
      ['--model', 'm', ...FREE_PORTS, ...kafka, '--kafka-start-timeout-ms', '50'],
      detector,
    );
    await ended;
    expect(terminal.err()).toMatch(
      /error: Kafka was not joined within 50 ms; the last attempt: Kafka does not answer as it should at 127\.0\.0\.1:1/,
    );
    expect(terminal.exitCode()).toBe(1);
    expect(detector.closed()).toBe(true);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Command } from 'commander';
import { nameList, onOff, oneOf, realNumber, share, text, wholeNumber } from '../../src/base/setting-schemas.ts';
import {
  addOptions,
  defineSettings,
  givenFlags,
  printableSettings,
  readSettingsFile,
  resolveSettings,
} from '../../src/base/settings.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const settings = defineSettings({
  grpcPort: {
    schema: wholeNumber({ min: 0, max: 65535 }),
    default: 50051,
    flag: '--grpc-port <port>',
    env: 'ARISTARCH_GRPC_PORT',
    help: 'port for gRPC',
  },
  password: {
    schema: text().optional(),
    flag: '--password <text>',
    env: 'ARISTARCH_PASSWORD',
    help: 'password of the broker',
    secret: true,
    group: 'Kafka',
  },
  penalty: {
    schema: realNumber({ min: 0 }),
    default: 10,
    flag: '--penalty <x>',
    help: 'weight',
    source: 'Gulrajani 2017, Algorithm 1',
  },
  drain: { schema: wholeNumber(), default: 5000, flag: '--drain-ms <n>', help: 'time to drain', unit: 'ms' },
  generator: {
    schema: onOff(),
    default: true,
    flag: '--no-generator',
    env: 'ARISTARCH_GENERATOR',
    help: 'leave it out',
  },
  brokers: { schema: nameList(), default: [], flag: '--brokers <list>', env: 'ARISTARCH_BROKERS', help: 'addresses' },
  device: { schema: oneOf(['auto', 'cpu']), default: 'auto', flag: '--device <name>', help: 'where to run' },
});

function parse(...args: string[]): Record<string, unknown> {
  const command = addOptions(new Command('serve'), settings);
  command.parse(args, { from: 'user' });
  return givenFlags(command);
}

describe('settings', () => {
  it('are typed values, with the default where nobody gives one', () => {
    const values = resolveSettings(settings, { flags: parse(), env: {} });
    const port: number = values.grpcPort;
    expect(port).toBe(50051);
    expect(values).toEqual({
      grpcPort: 50051,
      password: undefined,
      penalty: 10,
      drain: 5000,
      generator: true,
      brokers: [],
      device: 'auto',
    });
  });

  it('come from the flag before the environment, before the file, before the default', () => {
    const file = { grpcPort: 1 };
    const env = { ARISTARCH_GRPC_PORT: '2' };
    expect(resolveSettings(settings, { flags: parse('--grpc-port', '3'), env, file }).grpcPort).toBe(3);
    expect(resolveSettings(settings, { flags: {}, env, file }).grpcPort).toBe(2);
    expect(resolveSettings(settings, { flags: {}, env: { ARISTARCH_GRPC_PORT: '' }, file }).grpcPort).toBe(1);
  });

  it('let the environment speak where a --no flag was not given, and the flag where it was', () => {
    expect(resolveSettings(settings, { flags: parse(), env: { ARISTARCH_GENERATOR: 'off' } }).generator).toBe(false);
    expect(
      resolveSettings(settings, { flags: parse('--no-generator'), env: { ARISTARCH_GENERATOR: 'on' } }).generator,
    ).toBe(false);
  });

  it('split lists at commas', () => {
    const values = resolveSettings(settings, { flags: {}, env: { ARISTARCH_BROKERS: 'a:1, b:2,' } });
    expect(values.brokers).toEqual(['a:1', 'b:2']);
  });

  it('name every bad value, its origin and the remedy, in one error', () => {
    const flags = parse('--penalty', '-1', '--device', 'gpu');
    const bad = () => resolveSettings(settings, { flags, env: { ARISTARCH_GRPC_PORT: '70000' }, file: { drain: 1.5 } });
    expect(bad).toThrow(
      [
        'ARISTARCH_GRPC_PORT cannot be "70000" (a whole number from 0 to 65535 is needed). --grpc-port <port>: port for gRPC',
        '--penalty cannot be "-1" (a number of at least 0 is needed). --penalty <x>: weight',
        'drain in the configuration file cannot be 1.5 (a whole number is needed). --drain-ms <n>: time to drain',
        '--device cannot be "gpu" (one of auto, cpu is needed). --device <name>: where to run',
      ].join('\n'),
    );
    expect(bad).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  });

  it.each(['', ' ', 'abc', '0x10', '1e', 'Infinity', 'NaN'])('do not take %j for a number', (value) => {
    expect(() => resolveSettings(settings, { flags: { penalty: value }, env: {} })).toThrow(
      'a number of at least 0 is needed',
    );
  });

  it('are not told with the password of an address', () => {
    const file = { penalty: 'http://ann:hunter2@registry:8081/x@y' };
    expect(() => resolveSettings(settings, { flags: {}, env: {}, file })).toThrow('"http://***@registry:8081/x@y"');
  });

  it('do not take true for a number, nor "maybe" for true', () => {
    expect(() => resolveSettings(settings, { flags: {}, env: {}, file: { penalty: true } })).toThrow('cannot be true');
    expect(() => resolveSettings(settings, { flags: {}, env: { ARISTARCH_GENERATOR: 'maybe' } })).toThrow(
      'true or false is needed',
    );
  });

  it('refuse unknown keys in the file, with the known ones', () => {
    expect(() => resolveSettings(settings, { flags: {}, env: {}, file: { grpcport: 1 } })).toThrow(
      /unknown setting in the configuration file: grpcport\. Known settings: grpcPort, password/,
    );
  });

  it('say what is missing and how to give it', () => {
    const required = defineSettings({
      model: { schema: text(), flag: '--model <folder>', env: 'MODEL', help: 'folder of the model' },
    });
    expect(() => resolveSettings(required, { flags: {}, env: {} })).toThrow(
      '--model is missing. Give --model <folder>: folder of the model, or set MODEL',
    );
  });

  it('join lists that are given by more than one flag, and let the last of other flags win', async () => {
    const table = defineSettings({
      data: { schema: nameList(), flag: '--data <files>', list: true, help: 'files' },
      seed: { schema: wholeNumber(), flag: '--seed <n>', help: 'a number' },
    });
    const command = addOptions(new Command('x'), table).action(() => undefined);
    await command.parseAsync(['--data', 'a,b', '--seed', '1', '--data', 'c', '--seed', '2'], { from: 'user' });
    expect(resolveSettings(table, { flags: givenFlags(command), env: {} })).toEqual({ data: ['a', 'b', 'c'], seed: 2 });
  });

  it('show what they say they show, where a part is secret', () => {
    const shown = (address: string): string => address.replace(/[?].*/, '');
    const table = defineSettings({ from: { schema: text(), flag: '--from <address>', help: 'an address', shown } });
    const values = resolveSettings(table, { flags: { from: 'http://h/a?key=1' }, env: {} });
    expect(values.from).toBe('http://h/a?key=1');
    expect(printableSettings(table, values)).toEqual({ from: 'http://h/a' });
  });

  it('hide secrets when printed, and in errors', () => {
    const values = resolveSettings(settings, { flags: {}, env: { ARISTARCH_PASSWORD: 'hunter2' } });
    expect(JSON.stringify(printableSettings(settings, values))).not.toContain('hunter2');
    expect(printableSettings(settings, values)['password']).toBe('***');
    const strict = defineSettings({ key: { schema: wholeNumber(), flag: '--key <n>', help: 'a key', secret: true } });
    expect(() => resolveSettings(strict, { flags: { key: 'hunter2' }, env: {} })).toThrow('--key cannot be ***');
  });

  it('teach default, unit, environment and source in --help, under their group', () => {
    const help = addOptions(new Command('serve'), settings).configureHelp({ helpWidth: 160 }).helpInformation();
    expect(help).toContain('port for gRPC (default: 50051; env: ARISTARCH_GRPC_PORT)');
    expect(help).toContain('time to drain (default: 5000 ms)');
    expect(help).toContain('weight (default: 10; source: Gulrajani 2017, Algorithm 1)');
    expect(help).toMatch(/Kafka:\n +--password <text>/);
  });
});

describe('shares', () => {
  it.each([0, 1, -0.1, '1.5'])('are not %s', (value) => {
    expect(share().safeParse(value).error?.issues[0]?.message).toBe(
      'a number between 0 and 1, both excluded, is needed',
    );
  });
  it('may be written with an exponent', () => {
    expect(share().parse('1e-3')).toBe(0.001);
  });
});

describe('the configuration file', () => {
  const write = async (content: string) => {
    const path = join(await temporaryFolder('settings'), 'config.json');
    await writeFile(path, content);
    return path;
  };

  it('is a JSON object', async () => {
    expect(await readSettingsFile(await write('{"grpcPort": 4}'))).toEqual({ grpcPort: 4 });
  });
  it('is refused with the reason when it is absent, broken or a list', async () => {
    await expect(readSettingsFile('/nowhere/config.json')).rejects.toThrow(
      '/nowhere/config.json cannot be read: check the path',
    );
    await expect(readSettingsFile(await write('{"grpcPort": '))).rejects.toThrow('is not JSON');
    await expect(readSettingsFile(await write('[1]'))).rejects.toThrow('must hold one JSON object');
  });
  it('is never quoted when it is broken: what stands there may be a password', async () => {
    const broken = [
      '{ "kafkaSaslPassword": hunter2 }',
      '{ "kafkaSaslPassword": "hunter2',
      '{\n "kafkaSaslPassword": "hunter2" 1 }',
    ];
    const faults = await Promise.all(
      broken.map(async (content) => readSettingsFile(await write(content)).catch((thrown: unknown) => thrown)),
    );
    expect(faults.map((fault) => inspect(fault))).toEqual(broken.map(() => expect.not.stringContaining('hunter')));
    expect(faults[2]).toHaveProperty(
      'message',
      expect.stringContaining('is not JSON at line 2, column 33: check commas'),
    );
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { printableSettings } from '../../src/base/settings.ts';
import { resolveServeConfig, SERVE_SETTINGS } from '../../src/server/config.ts';
import { toKafkaConfig } from '../../src/server/kafka-config.ts';

const resolve = (flags: Record<string, unknown>, env = {}, file = {}) => resolveServeConfig({ flags, env, file });
const KAFKA = { model: 'm', kafkaBrokers: 'a:9092, b:9092', topicIn: 'in', topicOut: 'out', deadLetter: 'dead' };

describe('the settings of the serve process', () => {
  it('come from flags, then the environment, then the file, then defaults', () => {
    const file = { model: 'from-file', grpcPort: 1, httpPort: 1, maxRows: 1 };
    const env = { ARISTARCH_GRPC_PORT: '2', ARISTARCH_HTTP_PORT: '2' };
    const config = resolve({ grpcPort: '3' }, env, file);
    expect(config).toMatchObject({ model: 'from-file', grpcPort: 3, httpPort: 2, maxRows: 1, threads: 1 });
  });

  it('listen to this machine only, unless told otherwise: there are no passwords', () => {
    expect(resolve({ model: 'm' })).toMatchObject({ grpcHost: '127.0.0.1', httpHost: '127.0.0.1' });
  });

  it('hide the password wherever it comes from', () => {
    const config = resolve({ ...KAFKA, kafkaSaslUser: 'me' }, { ARISTARCH_KAFKA_SASL_PASSWORD: 'hunter2' });
    expect(JSON.stringify(printableSettings(SERVE_SETTINGS, config))).not.toMatch(/hunter2/);
    expect(toKafkaConfig(config)?.sasl).toEqual({ mechanism: 'scram-sha-512', username: 'me', password: 'hunter2' });
  });

  it.each([
    [{}, /--model is missing/],
    [{ model: 'm', grpcPort: '70000' }, /--grpc-port cannot be "70000" \(a whole number from 0 to 65535 is needed\)/],
    [{ model: 'm', device: 'gpu' }, /--device cannot be "gpu" \(one of auto, cpu, webgpu, cuda, tfjs is needed\)/],
    [{ model: 'm', falsePositiveRate: '1' }, /between 0 and 1, both excluded/],
    [{ model: 'm', topicIn: 'in' }, /--topic-in without brokers: give --kafka-brokers as well/],
    [
      { model: 'm', kafkaBrokers: 'a:1', topicIn: 'in', topicOut: 'o' },
      /--kafka-brokers needs --dead-letter <topic> as well/,
    ],
    [{ ...KAFKA, topicOut: 'in' }, /--topic-in, --topic-out, --dead-letter must differ/],
    [{ ...KAFKA, kafkaBrokers: 'kafka' }, /--kafka-brokers cannot be "kafka" \(addresses of the form host:port/],
    [{ ...KAFKA, kafkaBrokers: 'a:9092,PLAINTEXT://b:9092' }, /addresses of the form host:port/],
    [{ ...KAFKA, kafkaBrokers: 'a:9092,b:65536' }, /addresses of the form host:port, with a port from 1 to 65535/],
    [{ ...KAFKA, kafkaBrokers: 'a:0' }, /addresses of the form host:port, with a port from 1 to 65535/],
    [{ ...KAFKA, kafkaSaslUser: 'me' }, /--kafka-sasl-password belong together/],
    [{ ...KAFKA, kafkaTlsCert: 'me.pem' }, /--kafka-tls-key belong together/],
    [{ ...KAFKA, kafkaCompression: 'brotli' }, /one of none, gzip, snappy, lz4, zstd is needed/],
  ])('refuse %j', (flags, message) => {
    expect(() => resolve(flags)).toThrow(message);
  });

  it('refuse a name in the file that is no setting', () => {
    expect(() => resolve({ model: 'm' }, {}, { grpcport: 1 })).toThrow(
      /unknown setting in the configuration file: grpcport/,
    );
  });

  it('turn Kafka on with its brokers, and off without', () => {
    expect(toKafkaConfig(resolve({ model: 'm' }))).toBeUndefined();
    expect(toKafkaConfig(resolve(KAFKA))).toMatchObject({
      brokers: ['a:9092', 'b:9092'],
      topicIn: 'in',
      deadLetterTopic: 'dead',
      startAt: 'earliest',
      sasl: undefined,
    });
  });

  it('read the PEM files of TLS, which any of them turns on', async () => {
    expect(toKafkaConfig(resolve(KAFKA))?.tls).toBeUndefined();
    expect(toKafkaConfig(resolve({ ...KAFKA, kafkaTls: 'true' }))?.tls).toEqual({});
    const folder = await mkdtemp(join(tmpdir(), 'aristarch-tls-'));
    try {
      const file = join(folder, 'ca.pem');
      await writeFile(file, 'the text');
      expect(toKafkaConfig(resolve({ ...KAFKA, kafkaTlsCa: file }))?.tls).toEqual({ authority: 'the text' });
    } finally {
      await rm(folder, { recursive: true });
    }
    const missing = resolve({ ...KAFKA, kafkaTlsCa: '/nowhere/ca.pem' });
    expect(() => toKafkaConfig(missing)).toThrow('the PEM file /nowhere/ca.pem cannot be read: check the path');
  });

  it('never make a Kafka batch larger than what one request may have', () => {
    expect(toKafkaConfig(resolve(KAFKA))).toHaveProperty('maxBatchEvents', 1000);
    expect(toKafkaConfig(resolve({ ...KAFKA, maxRows: '100' }))).toHaveProperty('maxBatchEvents', 100);
  });

  it('have an environment variable each, of one form, and an explanation', () => {
    const settings = Object.values(SERVE_SETTINGS) as { env?: string; help: string; group?: string }[];
    for (const { env, help, group } of settings) {
      // Those of traces are the OpenTelemetry specification's own.
      expect(env).toMatch(/^(ARISTARCH|OTEL)_[A-Z_]+$/);
      expect(help.length).toBeGreaterThan(3);
      expect(group).toBeDefined();
    }
    expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
  });
});

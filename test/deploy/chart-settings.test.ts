import { basename } from 'node:path';
import { expect, it } from '@jest/globals';
import { z } from 'zod';
import { resolveServeConfig, SERVE_SETTINGS } from '../../src/server/config.ts';
import { createSyncCommand } from '../../src/server/sync-command.ts';
import { resolveTrainConfig } from '../../src/training/config.ts';
import { configFile, only, render, type Resource, servingPod, VALUES_FILES, valuesFile } from '../support/chart.ts';
import { needs } from '../support/needs.ts';

const helm = needs('tool:helm3');
const FILES: readonly (readonly [string, string])[] = VALUES_FILES.map((file) => [basename(file), file]);

/** What the service makes of the rendered file and environment; values from secrets are any text. */
function resolveServing(resources: readonly Resource[]) {
  const { container } = servingPod(resources);
  const env = Object.fromEntries(
    container.env.map(({ name, value }) => [name, typeof value === 'string' ? value : 'of a secret']),
  );
  const file = configFile(resources, 'serve.json');
  if (file === undefined) throw new Error('there is no serve.json');
  return { config: resolveServeConfig({ flags: {}, env, file }), env, file };
}

helm.describe('what the chart tells the service', () => {
  it.each(FILES)('is understood by its own parser, and adds up when a pod ends: %s', (_name, path) => {
    const resources = render({ values: [path] });
    const { config, env } = resolveServing(resources);
    expect(config).toMatchObject({ grpcHost: '0.0.0.0', httpHost: '0.0.0.0', grpcPort: 50051, httpPort: 8080 });
    // The parser refuses names in the file that it does not know; in the environment it looks for those that it knows.
    const known = Object.values(SERVE_SETTINGS).map(({ env: name }) => name);
    expect(Object.keys(env).filter((name) => name.startsWith('ARISTARCH_') && !known.includes(name))).toEqual([]);

    const { spec, container } = servingPod(resources);
    const preStopSeconds = container.lifecycle!.preStop.sleep.seconds;
    expect(preStopSeconds).toBeGreaterThan(0);
    // Some seconds are left to close what is open after the drain.
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(
      preStopSeconds + config.drainTimeoutMs / 1000 + 3,
    );
  });

  it("drains as long as the service does by itself, and follows the values' own times", () => {
    const values = [valuesFile('pvc')];
    expect(resolveServing(render({ values })).config.drainTimeoutMs).toBe(SERVE_SETTINGS.drainTimeoutMs.default);
    const longer = render({ values, set: ['shutdown={"preStopSeconds": 9, "drainSeconds": 120, "marginSeconds": 4}'] });
    expect(resolveServing(longer).config.drainTimeoutMs).toBe(120_000);
    expect(servingPod(longer).spec.terminationGracePeriodSeconds).toBe(133);
  });

  it('lets no loop stay awake where processor time adds pods, unless values say so', () => {
    const awakeUs = (...set: readonly string[]) =>
      resolveServing(render({ values: [valuesFile('pvc')], set })).config.stayAwakeUs;
    expect(awakeUs()).toBe(SERVE_SETTINGS.stayAwakeUs.default);
    expect(awakeUs('autoscaling.hpa.enabled=true')).toBe(0);
    expect(awakeUs('autoscaling.hpa.enabled=true', 'config.stayAwakeUs=500')).toBe(500);
  });

  it('reaches the process unchanged: numbers, lists, texts', () => {
    const config = { maxMessageBytes: 67_108_864, falsePositiveRate: 0.001, kafkaGroupId: 'a "b" {{ c }}' };
    const resources = render({ values: [valuesFile('pvc')], set: [`config=${JSON.stringify(config)}`] });
    expect(resolveServing(resources).config).toMatchObject(config);
  });

  it('is what KEDA is told, by whose defaults it reads the topic as the service does', () => {
    const resources = render({
      values: [valuesFile('pvc')],
      set: [
        'config={"kafkaBrokers": ["a:9092"], "topicIn": "t", "topicOut": "u", "deadLetter": "v"}',
        'autoscaling.keda.enabled=true',
      ],
    });
    const { config } = resolveServing(resources);
    const scaled = z
      .object({ spec: z.object({ triggers: z.array(z.object({ metadata: z.record(z.string(), z.string()) })) }) })
      .parse(only(resources, 'ScaledObject'));
    expect(scaled.spec.triggers[0]!.metadata).toMatchObject({
      bootstrapServers: 'a:9092',
      topic: 't',
      consumerGroup: config.kafkaGroupId,
      offsetResetPolicy: config.kafkaStartAt,
    });
  });

  it('makes new pods where a setting changes, and none where nothing does', () => {
    const checksum = (set: readonly string[]) =>
      servingPod(render({ values: [valuesFile('pvc')], set })).metadata['annotations'];
    expect(checksum([])).toEqual(checksum([]));
    expect(checksum(['config={"threads": 2}'])).not.toEqual(checksum([]));
    expect(checksum(['replicas=5'])).toEqual(checksum([]));
  });

  it('leads to TLS, tokens, keys and certificates by their files', () => {
    expect(resolveServing(render({ values: [valuesFile('tls-tokens')] })).config).toMatchObject({
      tlsCert: '/etc/aristarch/tls/tls.crt',
      tlsKey: '/etc/aristarch/tls/tls.key',
      tlsClientCa: '/etc/aristarch/tls/ca.crt',
      httpTls: true,
      tokens: '/etc/aristarch/tokens/tokens.json',
      trustedKeys: ['/etc/aristarch/trusted-keys/release.pem'],
    });
    expect(resolveServing(render({ values: [valuesFile('kafka-keda')] })).config).toMatchObject({
      kafkaTlsCa: '/etc/aristarch/kafka/ca.crt',
      kafkaTlsCert: '/etc/aristarch/kafka/user.crt',
      kafkaTlsKey: '/etc/aristarch/kafka/user.key',
      kafkaSaslPassword: 'of a secret',
      schemaRegistryPassword: 'of a secret',
    });
  });
});

helm.describe('what the chart tells the container that fetches models', () => {
  it('are flags of sync', () => {
    const { spec } = servingPod(render({ values: [valuesFile('model-fetch')] }));
    const containers = z.array(z.looseObject({ args: z.array(z.string()) })).parse(spec['initContainers']);
    const known = createSyncCommand().options.map(({ long }) => long);
    for (const { args } of containers) {
      expect(args[0]).toBe('sync');
      const flags = args.filter((arg) => arg.startsWith('--'));
      expect(flags.filter((flag) => !known.includes(flag))).toEqual([]);
      expect(flags).toHaveLength(3);
    }
    expect(containers).toHaveLength(2);
  });
});

helm.describe('what the chart tells the trainer', () => {
  const training = FILES.filter(([name]) => name.startsWith('training-'));

  it.each(training)('is understood by its own parser of settings: %s', (_name, path) => {
    const file = configFile(render({ values: [path] }), 'train.json');
    const { run, values } = resolveTrainConfig({ flags: {}, env: {}, file: file! });
    expect(run).toMatchObject({ name: 'pumps' });
    expect({ ...run, ...values }).toMatchObject({ device: 'auto' });
  });

  it('trains anew where what is trained changes, and not where the service does', () => {
    const jobName = (set: readonly string[]) =>
      render({ values: [valuesFile('training-job')], set }).find(({ kind }) => kind === 'Job')?.metadata.name;
    expect(jobName(['replicas=5'])).toBe(jobName([]));
    expect(jobName(['training.config.steps=501'])).not.toBe(jobName([]));
    expect(jobName(['image.tag="2.0.0"'])).not.toBe(jobName([]));
  });
});

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { resolveServeConfig } from '../../src/server/config.ts';
import { runTool } from '../support/chart.ts';
import { needs } from '../support/needs.ts';

const COMPOSE = resolve(import.meta.dirname, '../../deploy/compose');
const serviceSchema = z.looseObject({
  image: z.string().optional(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.unknown()).default({}),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
});
const compose = parse(readFileSync(join(COMPOSE, 'compose.yaml'), 'utf8')) as unknown;
const { services } = z.object({ services: z.record(z.string(), serviceSchema) }).parse(compose);

describe('compose.yaml', () => {
  const schema = JSON.parse(readFileSync(join(import.meta.dirname, 'schemas/compose-spec.json'), 'utf8')) as object;
  const accepts = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

  it('keeps to the schema of Compose, which refuses what it does not know', () => {
    expect([accepts(compose), accepts.errors]).toEqual([true, null]);
    expect(accepts({ services: { a: { image: 'b', comand: [] } } })).toBe(false);
  });

  it('starts the service by settings that its own parser understands', () => {
    const { command, environment, stop_grace_period: grace } = services['aristarch']!;
    expect(command.slice(0, 2)).toEqual(['serve', '--model']);
    const config = resolveServeConfig({ flags: { model: command[2] }, env: environment as Record<string, string> });
    expect(config).toMatchObject({
      model: '/models',
      grpcHost: '0.0.0.0',
      kafkaBrokers: ['kafka:9092'],
      topicIn: 'events',
    });
    expect(Number.parseInt(grace!, 10) * 1000).toBeGreaterThan(config.drainTimeoutMs);
    const made = services['topics']!.command.join(' ');
    for (const topic of [config.topicIn, config.topicOut, config.deadLetter]) expect(made).toContain(` ${topic!}`);
  });

  it('has Prometheus keep the exemplars that the dashboards show', () => {
    expect(services['prometheus']!.command).toContain('--enable-feature=exemplar-storage');
    const dashboards = readdirSync(join(COMPOSE, '../helm/aristarch/files/dashboards'), { withFileTypes: true });
    const texts = dashboards.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    expect(texts.some((text) => text.includes('"exemplar": true'))).toBe(true);
  });

  it('takes images that do not move, and files that are there', () => {
    const images = Object.values(services).map(({ image }) => image);
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+$/.test(image ?? ''))).toEqual([]);
    const mounted = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]!));
    const files = mounted.filter((path) => path.startsWith('.'));
    expect(files.filter((path) => !existsSync(join(COMPOSE, path)))).toEqual([]);
    expect(files.length).toBeGreaterThan(3);
  });
});

/** Where a file of this project is in the container of a service: its folder there -> here. */
function mountsOf(service: string): readonly (readonly [string, string])[] {
  return services[service]!.volumes.map((volume) => {
    const [from = '', to = ''] = volume.split(':');
    return [to, join(COMPOSE, from)];
  });
}

/** A path in a container, on this machine. */
function toHere(service: string, path: string): string {
  const [to, from] = mountsOf(service).find(([folder]) => path.startsWith(folder))!;
  return path.replace(to, from);
}

const prometheusSchema = z.object({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.object({ job_name: z.string(), static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
  ),
});

describe('what watches the service', () => {
  const prometheus = prometheusSchema.parse(
    parse(readFileSync(toHere('prometheus', '/etc/prometheus/prometheus.yml'), 'utf8')),
  );

  it('asks where the service listens, under the name that its alerts know', () => {
    const [job] = prometheus.scrape_configs;
    const { httpPort, grpcPort } = resolveServeConfig({ flags: { model: '/models' }, env: {} });
    expect(job).toEqual({ job_name: 'aristarch', static_configs: [{ targets: [`aristarch:${httpPort}`] }] });
    const { ports, healthcheck } = services['aristarch']!;
    expect(ports).toEqual([`127.0.0.1:${grpcPort}:${grpcPort}`, `127.0.0.1:${httpPort}:${httpPort}`]);
    expect(JSON.stringify(healthcheck)).toContain(`http://127.0.0.1:${httpPort}/readyz`);
  });

  it('reads the alerts and dashboards of the chart', () => {
    expect(prometheus.rule_files.map((path) => toHere('prometheus', path))).toEqual([
      resolve(COMPOSE, '../helm/aristarch/files/alerts*.yaml'),
    ]);
    const provisioned = parse(
      readFileSync(toHere('grafana', '/etc/grafana/provisioning/dashboards/aristarch.yaml'), 'utf8'),
    ) as { providers: { options: { path: string } }[] };
    const folder = toHere('grafana', provisioned.providers[0]!.options.path);
    expect(readdirSync(folder).filter((name) => name.endsWith('.json')).length).toBeGreaterThan(3);
    const source = readFileSync(toHere('grafana', '/etc/grafana/provisioning/datasources/prometheus.yaml'), 'utf8');
    expect(source).toContain('http://prometheus:9090');
    expect(services['prometheus']!.ports).toEqual(['127.0.0.1:9090:9090']);
  });

  it('finds the brokers where Kafka says that it is', () => {
    const { environment } = services['kafka']!;
    const brokers = services['aristarch']!.environment['ARISTARCH_KAFKA_BROKERS'];
    expect(environment['KAFKA_ADVERTISED_LISTENERS']).toContain(`PLAINTEXT://${String(brokers)},`);
    expect(services['topics']!.command.join(' ')).toContain(`--bootstrap-server ${String(brokers)} `);
  });
});

needs('prometheus').describe('prometheus.yml', () => {
  it('is understood by Prometheus, with the rules that it names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'aristarch-compose-'));
    try {
      const text = readFileSync(join(COMPOSE, 'prometheus.yml'), 'utf8');
      const [[to, from]] = mountsOf('prometheus').filter(([path]) => text.includes(path)) as [[string, string]];
      writeFileSync(join(folder, 'prometheus.yml'), text.replaceAll(to, from));
      const ran = runTool('promtool', ['check', 'config', join(folder, 'prometheus.yml')]);
      expect([ran.status, ran.text]).toEqual([0, expect.stringMatching(/SUCCESS: 1[0-9] rules found/)]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

import { existsSync, readFileSync } from 'node:fs';
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

  it('takes images that do not move, and files that are there', () => {
    const images = Object.values(services).map(({ image }) => image);
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+$/.test(image ?? ''))).toEqual([]);
    const mounted = Object.values(services).flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0]!));
    const files = mounted.filter((path) => path.startsWith('.'));
    expect(files.filter((path) => !existsSync(join(COMPOSE, path)))).toEqual([]);
    expect(files.length).toBeGreaterThan(3);
  });
});

needs('prometheus').describe('prometheus.yml', () => {
  it('is understood by Prometheus', () => {
    const ran = runTool('promtool', ['check', 'config', '--syntax-only', join(COMPOSE, 'prometheus.yml')]);
    expect([ran.status, ran.text]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });
});

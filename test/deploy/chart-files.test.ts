import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { isMap, parse, parseDocument, type YAMLMap } from 'yaml';
import { CHART, makeChartFiles, readValues } from '../../deploy/helm/chart/files.ts';
import { settingsSchema } from '../../deploy/helm/chart/settings-schema.ts';
import { createValuesSchema, listValues } from '../../deploy/helm/chart/values-schema.ts';
import type { Setting } from '../../src/base/settings.ts';
import { FAMILIES, IMAGE_FAMILIES } from '../../src/models/families/index.ts';
import { SERVE_SETTINGS } from '../../src/server/config.ts';
import { RUN_SETTINGS } from '../../src/training/run-settings.ts';
import { VALUES_FILES } from '../support/chart.ts';

const read = (path: string): string => readFileSync(path, 'utf8');

function parseMap(text: string): YAMLMap {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('a map is needed');
  return contents;
}

function overDefaults(defaults: unknown, given: unknown): unknown {
  const isMapOf = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMapOf(defaults) || !isMapOf(given)) return given;
  const both = { ...defaults };
  for (const [key, value] of Object.entries(given)) both[key] = overDefaults(defaults[key], value);
  // What is given as null is taken away.
  return Object.fromEntries(Object.entries(both).filter(([, value]) => value !== null));
}

describe('the generated files of the chart', () => {
  it('are as `npm run chart:generate` writes them now', async () => {
    const files = await makeChartFiles();
    const stale = Object.keys(files).filter((name) => read(join(CHART, name)) !== files[name]);
    expect(stale).toEqual([]);
  });

  it('have the version of the project', () => {
    const { version } = JSON.parse(read(join(CHART, '../../../package.json'))) as { version: string };
    expect(parse(read(join(CHART, 'Chart.yaml')))).toMatchObject({ appVersion: version });
  });
});

describe('values.yaml', () => {
  it('says of each value what it is', () => {
    const rows = listValues(readValues());
    expect(rows.filter(({ description }) => description === undefined).map(({ path }) => path)).toEqual([]);
    expect(rows.length).toBeGreaterThan(100);
  });

  it('is found out where a value has no comment', () => {
    const map = parseMap('# -- first\na: 1\nb:\n  # -- inner\n  c: {}\n  # no description\n  d: 2\n');
    expect(listValues(map)).toEqual([
      { path: 'a', fallback: '1', description: 'first' },
      { path: 'b.c', fallback: '{}', description: 'inner' },
      { path: 'b.d', fallback: '2', description: undefined },
    ]);
  });
});

describe('values.schema.json', () => {
  const schema = JSON.parse(read(join(CHART, 'values.schema.json'))) as object;
  const accepts = new Ajv({ strict: false }).compile(schema);
  const defaults: unknown = readValues().toJSON();
  /** As Helm does: what is given over the defaults. */
  const accept = (text: string): boolean => accepts(overDefaults(defaults, parse(text)));

  it.each(VALUES_FILES.map((file) => [basename(file), file]))('takes %s', (_name, file) => {
    expect([accept(read(file)), accepts.errors]).toEqual([true, null]);
  });

  it('takes the defaults, and what Helm adds for a part of another chart', () => {
    expect(accept(read(join(CHART, 'values.yaml')))).toBe(true);
    expect(accept('global: {imageRegistry: x}')).toBe(true);
  });

  it.each(['docs/kubernetes.md', 'docs/sizing.md'])('takes the values that %s advises', (page) => {
    const blocks = [...read(join(CHART, '../../..', page)).matchAll(/^```yaml\n(.*?)^```$/gms)];
    expect(blocks.length).toBeGreaterThan(0);
    for (const [, text = ''] of blocks) expect([accept(text), accepts.errors, text]).toEqual([true, null, text]);
  });

  it.each([
    'replicass: 2',
    'model: {sorce: pvc}',
    'model: {image: {reference: models/pumps}}',
    'config: {grpcport: 1}',
    'config: {grpcPort: 1}',
    'config: {kafkaSaslPassword: secret}',
    'config: {adminCalls: [on]}',
    'config: {kafkaFormat: xml}',
    'training: {config: {out: /models/x}}',
    'training: {config: {stepss: 3}}',
    'training: {modelName: ../x}',
    'replicas: two',
    'env: [{value: x}]',
    'env: [{name: A, value: 5}]',
    'config: {httpHost: 127.0.0.1}',
    'networkPolicy: {dns: {ports: []}}',
    'networkPolicy: {kafkaPorts: [0]}',
    'monitoring: {alerts: {runbooksUrl: docs/runbooks}}',
    `monitoring: {alerts: {selector: 'job="a"} or up{job="b"'}}`,
    `monitoring: {alerts: {selector: 'job'}}`,
    'model: {fetch: {resources: {limit: {cpu: 1}}}}',
    'shutdown: {preStopSeconds: 0}',
    'config: {falsePositiveRate: 2}',
    'config: {threads: 1.5}',
    'config: {adminCalls: perhaps}',
    'config: {traceEndpoint: "collector:4318"}',
    'training: {config: {family: images}}',
    'training: {config: {imageSize: 48}}',
    'training: {config: {hidden: [64, 0]}}',
    'podDisruptionBudget: {maxUnavailable: -1}',
    'podDisruptionBudget: {maxUnavailable: half}',
    `fullnameOverride: ${'a'.repeat(41)}`,
    'image: {repository: null}',
    'tls: null',
    'config: null',
    'networkPolicy: {dns: {ports: null}}',
  ])('refuses %s', (text) => expect(accept(text)).toBe(false));

  it.each([
    'userId: null',
    'replicas: null',
    'podLabels: null',
    'resources: null',
    'resources: {limits: null}',
    'image: {tag: null}',
    'env: null',
  ])('takes %s, which means none', (text) => expect([accept(text), accepts.errors]).toEqual([true, null]));

  it('takes and refuses the numbers of each setting that the service itself takes and refuses', () => {
    const probes = [-1, -0.5, 0, 1e-12, 0.001, 0.1, 0.5, 0.99, 1, 1.5, 2, 63, 64, 100, 999, 1000, 1024, 5999, 6000];
    const larger = [65_535, 65_536, 65_537, 1e6, 1e6 + 1, 1_800_001, 2 ** 31 - 1, 2 ** 31, 1e12, 1e17];
    const settings = Object.keys(settingsSchema('serve')['properties'] as object);
    const judged = settings.flatMap((name) => {
      const { schema: own } = SERVE_SETTINGS[name as keyof typeof SERVE_SETTINGS];
      return [...probes, ...larger].map((value) => ({
        name,
        value,
        ours: accepts(overDefaults(defaults, { config: { [name]: value } })),
        theirs: own.safeParse(value).success,
      }));
    });
    expect(judged.filter(({ ours, theirs }) => ours !== theirs)).toEqual([]);
    expect(judged.filter(({ theirs }) => theirs).length).toBeGreaterThan(200);
  });

  it('takes each text that the parser of its setting takes', () => {
    const words = ['True', 'YES', 'TRUE', 'off', 'y', 'N', 'Enabled', 'disabled', '1', '0', 'json', 'AUTO', 'auto'];
    const numbers = [' 7 ', '+7', '64', '1e3', '.5', '5.', '0.25', '1e-3', '-1', '1,2', '64, 32', '0.8,0.1,0.1'];
    const addresses = ['HTTP://x/', 'https://h:1/p?q#f', ' http://x ', 'http://x/a b', 'http://[::1]:80', 'http://x\n'];
    const paths = ['keys/a:b.json', 'C:\\keys', '/keys', 'a::b', 'a:', ':', 'file:/keys', 'a:9092', 'a:1, b:2', 'ä b'];
    const ajv = new Ajv({ strict: false });
    const families = [...Object.values(FAMILIES), ...Object.values(IMAGE_FAMILIES)].map((family) => family.settings);
    const tables = { serve: [SERVE_SETTINGS], train: [RUN_SETTINGS, ...families] };
    const taken = (['serve', 'train'] as const).flatMap((process) => {
      const ours = ajv.compile(settingsSchema(process));
      const names = Object.keys(settingsSchema(process)['properties'] as object);
      const settings = tables[process].flatMap((table) => Object.entries<Setting>(table));
      return settings
        .filter(([name]) => names.includes(name))
        .flatMap(([name, { schema: own }]) =>
          [...words, ...numbers, ...addresses, ...paths]
            .filter((value) => own.safeParse(value).success)
            .map((value) => ({ name, value, ours: ours({ [name]: value }) })),
        );
    });
    expect(taken.filter(({ ours }) => !ours)).toEqual([]);
    expect(taken.length).toBeGreaterThan(500);
  });

  it.each([
    'traceEndpoint: http://user:pass@x',
    'traceEndpoint: HTTP://u@x/',
    'jwks: HTTPS://u:p@x/keys',
    'jwks: ftp://x/keys',
    'adminCalls: "yess"',
  ])('refuses the setting %s, as the service does or cannot use it', (text) => {
    expect(accept(`config: {${text}}`)).toBe(false);
  });

  it('is not made where a default does not show what it may be, or a rule has no value', () => {
    expect(() => createValuesSchema(parseMap('a: {b: []}'), { rules: {}, optional: [] })).toThrow(
      'the default of a.b does not show',
    );
    const none = 'values that there are not: b';
    expect(() => createValuesSchema(parseMap('a: 1'), { rules: { b: {} }, optional: [] })).toThrow(none);
    expect(() => createValuesSchema(parseMap('a: 1'), { rules: {}, optional: ['b'] })).toThrow(none);
  });
});

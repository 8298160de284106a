import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPTIONAL_VALUES } from '../../deploy/helm/chart/schema-rules.ts';
import { CHART, only, render, renderText, type Resource, runTool, VALUES_FILES, valuesFile } from '../support/chart.ts';
import { needs } from '../support/needs.ts';

const FILES: readonly (readonly [string, string])[] = VALUES_FILES.map((file) => [basename(file), file]);
const SCHEMAS = join(import.meta.dirname, 'schemas', '{{ .ResourceKind }}{{ .KindSuffix }}.json');
const kubeconform = (text: string) =>
  runTool('kubeconform', ['-strict', '-summary', '-schema-location', SCHEMAS], text);

needs('tool:helm3').describe('the chart, by Helm 3', () => {
  it.each(FILES)('passes lint with %s', (_name, file) => {
    const { status, text } = runTool('helm3', [
      'lint',
      CHART,
      '--strict',
      '--kube-version',
      '1.36.3',
      '--values',
      file,
    ]);
    expect([status, text]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });

  it('leaves the number of pods to an autoscaler, and sets it where there is none', () => {
    const replicas = (name: string) => only(render({ values: [valuesFile(name)] }), 'Deployment')['spec'];
    expect(replicas('pvc')).toMatchObject({ replicas: 2 });
    expect(replicas('hpa')).not.toHaveProperty('replicas');
    expect(replicas('kafka-keda')).not.toHaveProperty('replicas');
  });

  it('denies all traffic but what is named', () => {
    const { spec } = only(render({ values: [valuesFile('pvc')] }), 'NetworkPolicy') as Resource & {
      spec: { policyTypes: string[]; ingress: { from: unknown[] }[]; egress: { to: unknown[] }[] };
    };
    expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
    // A rule without peers would let everybody in.
    expect(spec.ingress.map(({ from }) => from.length)).toEqual([1, 1]);
    expect(spec.egress.map(({ to }) => to.length)).toEqual([2]);
  });
});

needs('tool:helm3', 'tool:kubeconform').describe('the resources of the chart', () => {
  it.each(FILES)('have no field that Kubernetes and its extensions do not know, with %s', (_name, file) => {
    expect(kubeconform(renderText({ values: [file] }).text)).toEqual({
      status: 0,
      text: expect.stringMatching(/Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/),
    });
  });

  it.each(FILES)(
    'have none that is empty where values are null for which there are other defaults, with %s',
    (_name, file) => {
      // What is on stays on.
      const fields = OPTIONAL_VALUES.filter(
        (path) => !/enabled$|^kafka|^schemaRegistry|readWriteOnce|backendTls/.test(path),
      );
      const { text } = renderText({ values: [file], set: fields.map((path) => `${path}=null`) });
      expect(text).not.toMatch(
        /^ *(runAsUser|fsGroup|\w*[pP]ullPolicy|minReadySeconds|\w+Period|interval|\w*[lL]imit):$/m,
      );
      expect(kubeconform(text)).toEqual({
        status: 0,
        text: expect.stringMatching(/Valid: [1-9]\d*, Invalid: 0, Errors: 0/),
      });
    },
  );

  it('are found out by a misspelt field', () => {
    const text = renderText({ values: [valuesFile('pvc')] }).text.replace('replicas: 2', 'replicass: 2');
    expect(kubeconform(text).text).toMatch(/replicass/);
  });
});

needs('tool:helm3', 'tool:helm4').describe('the chart, by Helm 4', () => {
  it.each(FILES)('comes out as by Helm 3, with %s', (_name, file) => {
    const three = render({ helm: 'helm3', values: [file] });
    expect(render({ helm: 'helm4', values: [file] })).toEqual(three);
    expect(three.length).toBeGreaterThan(2);
  });

  it('passes lint', () => {
    const { status, text } = runTool('helm4', ['lint', CHART, '--strict', '--values', valuesFile('pvc')]);
    expect([status, text]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });
});

needs('tool:helm-unittest').describe('the suites of helm-unittest', () => {
  it('pass', () => {
    const { status, text } = runTool('helm-unittest', [CHART, '--strict']);
    expect([status, text]).toEqual([0, expect.stringMatching(/Tests: +[1-9]\d* passed/)]);
  });
});

needs('tool:helm3').describe('the alerts and dashboards of the chart', () => {
  const rules = `groups:
  - name: aristarch
    rules:
      - alert: Down
        expr: up == 0
        annotations: {summary: 'no answer from {{ $labels.instance }}'}
`;
  const dashboard = '{"title": "A {{instance}}", "panels": []}';
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'aristarch-chart-'));
    cpSync(CHART, copy, { recursive: true });
    for (const name of ['alerts.yaml', 'dashboards']) rmSync(join(copy, 'files', name), { recursive: true });
    cpSync(join(CHART, 'Chart.yaml'), join(copy, 'files', 'dashboards', 'ignored.txt'));
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));
  const watched = () => render({ chart: copy, values: [valuesFile('monitoring')] });

  it('are left out where there are none', () => {
    expect(watched().filter(({ kind }) => kind === 'PrometheusRule')).toEqual([]);
    expect(watched().filter(({ kind }) => kind === 'ConfigMap')).toHaveLength(1);
  });

  it('are installed as they stand, with their own braces', () => {
    writeFileSync(join(copy, 'files', 'alerts.yaml'), rules);
    writeFileSync(join(copy, 'files', 'dashboards', 'over_view.json'), dashboard);
    const found = watched();
    expect(only(found, 'PrometheusRule')['spec']).toMatchObject({
      groups: [{ rules: [{ annotations: { summary: 'no answer from {{ $labels.instance }}' } }] }],
    });
    const map = found.find(({ metadata }) => metadata.name === 'release-aristarch-over-view');
    expect(map).toMatchObject({
      metadata: { labels: { grafana_dashboard: '1' } },
      data: { 'aristarch-over_view.json': dashboard },
    });
  });
});

describe('the values files of the chart', () => {
  it('are many', () => expect(FILES.length).toBeGreaterThan(10));
});

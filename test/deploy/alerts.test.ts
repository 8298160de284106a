import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse, stringify } from 'yaml';
import { PROTOCOL_FAULTS } from '../../src/server/kafka/protocol-faults.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { only, render, valuesFile } from '../support/chart.ts';
import { useDataFolder } from '../support/data-files.ts';
import { needs } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ALERTS = readFileSync(join(ROOT, 'deploy/helm/aristarch/files/alerts.yaml'), 'utf8');
const data = useDataFolder();

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

const { groups } = parse(ALERTS) as Rules;
const rules = groups.flatMap((group) => group.rules);

describe('each alert', () => {
  it.each(rules)('$alert says who is woken, what happened, and has a page that says what to do', (rule) => {
    const { summary = '', description = '', runbook_url: runbook = '' } = rule.annotations ?? {};
    expect(['page', 'ticket']).toContain(rule.labels.severity);
    expect([summary, description].filter((text) => text.length < 10)).toEqual([]);
    expect(runbook).toBe(`docs/runbooks/${rule.alert}.md`);
    expect(existsSync(join(ROOT, runbook))).toBe(true);
    const page = readFileSync(join(ROOT, runbook), 'utf8');
    for (const chapter of ['## What it means', '## First look', '## What to do']) expect(page).toContain(chapter);
  });

  it('of a stuck partition quotes what the log says where transactions are at fault', () => {
    const page = readFileSync(join(ROOT, 'docs/runbooks/AristarchKafkaStuck.md'), 'utf8').replace(/\s+/g, ' ');
    for (const name of ['UNSTABLE_OFFSET_COMMIT', 'INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'UNSUPPORTED_VERSION']) {
      const [said] = PROTOCOL_FAULTS[name]![1].split(':');
      expect(page).toContain(said);
    }
  });

  it('asks for metrics that there are', () => {
    const names = createMetrics({ process: true })
      .registry.getMetricsAsArray()
      .map(({ name }) => name);
    const asked = rules.flatMap(({ expr }) => expr.match(/aristarch_\w+/g) ?? []);
    expect(asked.filter((name) => !names.includes(name.replace(/_bucket$/, '')))).toEqual([]);
  });

  it('has a case in which it fires and one in which it does not', () => {
    const read = (name: string) =>
      parse(readFileSync(join(import.meta.dirname, `${name}.yaml`), 'utf8')) as {
        tests: { alert_rule_test?: { alertname: string; exp_alerts: unknown[] }[] }[];
      };
    const tests = ['alert-cases', 'alert-cases-restarts'].flatMap((name) => read(name).tests);
    const cases = tests.flatMap((test) => test.alert_rule_test ?? []);
    for (const { alert } of rules) {
      const counts = cases.filter(({ alertname }) => alertname === alert).map(({ exp_alerts: fired }) => fired.length);
      expect([alert, counts.includes(0), counts.includes(1)]).toEqual([alert, true, true]);
    }
  });
});

/** What the chart makes of the rules, for the release that alert-cases.yaml tells of. */
function renderedRules(set: readonly string[] = []): string {
  const { spec } = only(render({ values: [valuesFile('monitoring')], set }), 'PrometheusRule');
  return stringify(spec);
}

needs('tool:helm3').describe('the rules of a release', () => {
  const expressionsOf = (text: string): string[] =>
    (parse(text) as Rules).groups.flatMap((group) => group.rules.map(({ expr }) => expr));
  /** Of each selector its matchers. */
  const matchersOf = (expression: string): string[] =>
    [...expression.matchAll(/\b(?:aristarch_\w+|up)\b(?:\{([^}]*)\})?/g)].map((found) => found[1] ?? '');

  it('ask for series of that release alone, and keep namespaces and jobs apart', () => {
    const ours = 'namespace="scores",job="release-aristarch"';
    for (const expression of expressionsOf(renderedRules())) {
      expect(matchersOf(expression)).not.toEqual([]);
      expect(matchersOf(expression).filter((matchers) => !matchers.startsWith(ours))).toEqual([]);
      const kept = [...expression.matchAll(/(?:by|on) \(([^)]*)\)/g)].map(([, labels]) => labels!);
      expect(kept.filter((labels) => !/^namespace, job\b/.test(labels))).toEqual([]);
    }
  });

  it('ask for what they are told to, where something else than the ServiceMonitor has its pods scraped', () => {
    const ours = 'job="kubernetes-pods",app="pumps"';
    const set = ['monitoring.serviceMonitor.enabled=false', `monitoring.alerts.selector=${JSON.stringify(ours)}`];
    const matchers = expressionsOf(renderedRules(set)).flatMap(matchersOf);
    expect(matchers.filter((each) => !each.startsWith(ours))).toEqual([]);
  });

  it('are refused where nobody has its pods scraped', () => {
    expect(() => renderedRules(['monitoring.serviceMonitor.enabled=false'])).toThrow(/set monitoring.alerts.selector/);
  });
});

needs('prometheus').describe('promtool', () => {
  it.each(['alert-cases', 'alert-cases-restarts', 'alert-cases-plain'])(
    'finds the rules of the file to be right in each case of %s',
    (cases) => {
      expect(check(ALERTS, cases)).toContain('SUCCESS');
    },
  );

  it('would find an alert that fires too early', () => {
    expect(() => check(ALERTS.replace('for: 2m', 'for: 0m'), 'alert-cases-plain')).toThrow(/AristarchDown/);
  });
});

needs('prometheus', 'tool:helm3').describe('promtool, of what the chart renders,', () => {
  it.each(['alert-cases', 'alert-cases-restarts', 'alert-cases-chart'])(
    'finds the rules to be right in each case of %s',
    (cases) => {
      expect(check(renderedRules(), cases)).toContain('SUCCESS');
    },
  );

  it('would find rules that hear of other releases', () => {
    expect(() => check(ALERTS, 'alert-cases-chart')).toThrow(/count\(ALERTS\)/);
  });
});

/** The texts of annotations are left out: what they say is no matter of firing. */
function check(text: string, cases: string): string {
  const bare = parse(text) as { groups: { rules: { annotations?: object }[] }[] };
  for (const rule of bare.groups.flatMap((group) => group.rules)) delete rule.annotations;
  const [alerts, copy] = [data.path('alerts.yaml'), data.path('cases.yaml')];
  writeFileSync(alerts, stringify(bare));
  writeFileSync(copy, readFileSync(join(import.meta.dirname, `${cases}.yaml`)));
  execFileSync('promtool', ['check', 'rules', alerts], { stdio: 'pipe' });
  return execFileSync('promtool', ['test', 'rules', copy], { stdio: 'pipe' }).toString();
}

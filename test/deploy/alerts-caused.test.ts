import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { causeAlerts, faultsOf } from '../../deploy/alerts/cause-alerts.ts';
import { CAUSES } from '../../deploy/alerts/causes.ts';
import { alertsOf, shortenRules } from '../../deploy/alerts/shorten.ts';
import { needs } from '../support/needs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const RULES = readFileSync(resolve(ROOT, 'deploy/helm/aristarch/files/alerts.yaml'), 'utf8');
const PAGE = readFileSync(resolve(ROOT, 'docs/alerts-check.md'), 'utf8');

describe('the causes of alerts', () => {
  it('are there for each alert', () => {
    expect(alertsOf(RULES).filter((alert) => CAUSES[alert] === undefined)).toEqual([]);
  });

  it('were all tried: docs/alerts-check.md has a row of each, and each fired and ended', () => {
    const rows = PAGE.split('\n').filter((line) => line.startsWith('| [Aristarch'));
    expect(rows.map((row) => /\[(\w+)\]/.exec(row)?.[1])).toEqual(alertsOf(RULES));
    expect(PAGE).toContain('**nothing fired**');
    expect(PAGE).not.toContain('**never**');
  });
});

describe('shortened rules', () => {
  it('differ in their times alone', () => {
    const rules = 'groups: [{ name: a, rules: [{ alert: A, expr: "rate(x[5m]) > 300", for: 2m, labels: { b: c } }] }]';
    expect(shortenRules(rules, 60)).toBe(
      'groups:\n  - name: a\n    rules:\n      - alert: A\n        expr: rate(x[5000ms]) > 300\n        for: 2000ms\n        labels:\n          b: c\n',
    );
  });

  it('are refused where a time is not understood', () => {
    expect(() => shortenRules('groups: [{ rules: [{ alert: A, expr: "1", for: 1h30m }] }]', 60)).toThrow(/1h30m/);
  });
});

describe('the judgement', () => {
  const fine = { alert: 'AristarchSlow', firedAfterSeconds: 12, resolvedAfterSeconds: 7, others: [] };
  it('finds nothing where each fires alone and ends', () => {
    expect(faultsOf({ quietSeconds: 60, firedInQuiet: [], alerts: [fine] })).toEqual([]);
  });
  it('finds what fires unasked, what does not, what does not end, and what fires beside another', () => {
    const alerts = [{ alert: 'AristarchSlow', others: ['AristarchDown'] }];
    expect(faultsOf({ quietSeconds: 60, firedInQuiet: ['AristarchDrift'], alerts })).toEqual([
      'AristarchDrift fired under usual traffic',
      'AristarchSlow did not fire',
      'something still fired after the end of AristarchSlow',
      'AristarchDown fired beside AristarchSlow',
    ]);
  });
});

needs('prometheus', 'broker').describe('with a real service', () => {
  it('a broker that is killed is noticed, and that it is back', async () => {
    const check = await causeAlerts({ rules: RULES, alerts: ['AristarchKafkaDown'], quietSeconds: 5 });
    expect(faultsOf(check)).toEqual([]);
  }, 400_000);
});

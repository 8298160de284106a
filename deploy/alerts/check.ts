import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { type AlertCheck, causeAlerts, FACTOR, faultsOf } from './cause-alerts.ts';
import { toPage } from './page.ts';
import { alertsOf, shortenRules } from './shorten.ts';

const HELP = `npm run check:alerts [-- OPTIONS]

Causes each alert of the chart for real and waits until it fires and is quiet again: some ten minutes. Needs Java, Maven and Prometheus. The
exit code is 1 where one does not fire, does not end, or another fires that should not.

  --write          write docs/alerts-check.json and docs/alerts-check.md
  --only A,B       these alerts only, in this order; what was written of others stays
  --quiet N        seconds of usual traffic before the first cause; 60`;

const ROOT = resolve(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
    quiet: { type: 'string', default: '60' },
  },
});

async function main(): Promise<void> {
  if (values.help) {
    console.log(HELP);
    return;
  }
  const rules = readFileSync(resolve(ROOT, 'deploy/helm/aristarch/files/alerts.yaml'), 'utf8');
  const alerts = values.only?.split(',') ?? alertsOf(rules);
  const machine = `${cpus()[0]?.model ?? 'Unknown'}, ${availableParallelism()} cores, load ${loadavg()[0]!.toFixed(1)} before`;
  const options = { rules, alerts, quietSeconds: Number(values.quiet), say: console.error };
  const check = await causeAlerts({
    ...options,
    ...(values.write && { keep: (part: AlertCheck) => write(rules, part, machine) }),
  });
  const faults = faultsOf(check);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
}

/** Writes what is known so far: an alert's latest result, in the order of the rules. */
async function write(rules: string, { alerts, ...quiet }: AlertCheck, machine: string): Promise<void> {
  const path = resolve(ROOT, 'docs/alerts-check.json');
  const before = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as AlertCheck).alerts : [];
  const latest = new Map([...before, ...alerts].map((result) => [result.alert, result]));
  const ordered = alertsOf(rules).flatMap((alert) => latest.get(alert) ?? []);
  const check: AlertCheck = { ...quiet, alerts: ordered };
  writeFileSync(path, await format(JSON.stringify({ machine, ...check }), { parser: 'json', printWidth: 120 }));
  writeFileSync(resolve(ROOT, 'docs/alerts-check.md'), await toPage(check, shortenRules(rules, FACTOR), machine));
}

await main();

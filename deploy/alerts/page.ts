import { format } from 'prettier';
import { parse } from 'yaml';
import { type AlertCheck, FACTOR } from './cause-alerts.ts';
import { CAUSES } from './causes.ts';
import { ALARM_PROBABILITY } from '../../test/support/watched-service.ts';

/** docs/alerts-check.md. */
export function toPage(
  { quietSeconds, firedInQuiet, alerts }: AlertCheck,
  rules: string,
  machine: string,
): Promise<string> {
  const rows = alerts.map(({ alert, firedAfterSeconds, resolvedAfterSeconds, others }) => {
    const { what, end, also = {} } = CAUSES[alert]!;
    const beside = others.map((name) => `${name}: ${also[name] ?? '**for no reason**'}`);
    const times = [holdOf(rules, alert), secondsOf(firedAfterSeconds), secondsOf(resolvedAfterSeconds)];
    return `| ${[`[${alert}](runbooks/${alert}.md)`, what, ...times, end, beside.join('; ') || 'none'].join(' | ')} |`;
  });
  return format(
    `# Each alert, caused for real

\`npm run check:alerts -- --write\` wrote this. It starts a real service with a broker of its own (Apache Kafka, one node), a second process beside it, and a real Prometheus
that scrapes both every two seconds, with the rules that the chart installs, but for time: **each \`for\` and each window is divided by ${FACTOR}**; thresholds are as they are. Calls and
events come ten times a second all the while. Drift is reported at a false-alarm probability of ${ALARM_PROBABILITY} (\`--drift-alarm-probability\`), so that the check does not fail by chance.

Left alone for ${quietSeconds} s, which stand for ${((quietSeconds * FACTOR) / 60).toFixed(0)} minutes of the real rules: **${firedInQuiet.join(', ') || 'nothing fired'}**. Then each cause in turn (with \`--only\`, rows of other alerts stay as they were; each has its latest run):

| alert | cause | \`for\`, divided | fired after | quiet again after | by | others that fired |
| --- | --- | ---: | ---: | ---: | --- | --- |
${rows.join('\n')}

Seconds from the beginning of the cause, and of what ends it. What is shorter in the rules is not shorter in the world: detecting drift, training, or a start takes as
long as it does. ${machine}. What the alerts do at their real times is tested by \`promtool test rules\` ([observability.md](observability.md#the-alerts)).
`,
    { parser: 'markdown', printWidth: 120 },
  );
}

const secondsOf = (seconds: number | undefined): string =>
  seconds === undefined ? '**never**' : `${seconds.toFixed(1)} s`;

/** How long the alert waits before it fires, in the rules that were loaded. */
function holdOf(rules: string, alert: string): string {
  const { groups } = parse(rules) as { groups: { rules: { alert: string; for?: string }[] }[] };
  const rule = groups.flatMap((group) => group.rules).find((each) => each.alert === alert);
  return `${parseInt(rule?.for ?? '0ms', 10) / 1000} s`;
}

import { kafka } from './kafka.ts';
import { overview } from './overview.ts';
import { runtime } from './runtime.ts';
import { scoring } from './scoring.ts';
import { trials } from './trials.ts';

/** Of variables of the kind `interval` only; the SDK gives them to every variable, and Grafana's schema does not know them. */
const FOREIGN = ['auto', 'auto_min', 'auto_count'];

const known = (key: string, value: unknown): unknown => (FOREIGN.includes(key) ? undefined : value);

/** The dashboards by the name of their file, as Grafana imports them. */
export function buildDashboards(): Readonly<Record<string, string>> {
  const dashboards = { overview, scoring, kafka, runtime, trials };
  return Object.fromEntries(
    Object.entries(dashboards).map(([name, builder]) => [
      `${name}.json`,
      `${JSON.stringify(builder.build(), known, 2)}\n`,
    ]),
  );
}

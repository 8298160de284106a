import { parse, stringify } from 'yaml';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

const MILLISECONDS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * A file of Prometheus' rules in which `for`, and each window in square brackets, is so many times shorter. Thresholds stay as they are,
 * also where they are times.
 */
export function shortenRules(text: string, factor: number): string {
  const { groups } = parse(text) as Rules;
  const shorten = (duration: string): string => shortenDuration(duration, factor);
  const shortened = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => ({
      ...rule,
      expr: rule.expr.replaceAll(/\[(\w+)\]/g, (_, window: string) => `[${shorten(window)}]`),
      ...(rule.for !== undefined && { for: shorten(rule.for) }),
    })),
  }));
  return stringify({ groups: shortened });
}

/** Names of the alerts, in their order. */
export function alertsOf(text: string): string[] {
  return (parse(text) as Rules).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
}

/** "10m" by 60 is "10000ms". Throws on what it does not know, rather than leave it as long as it is. */
function shortenDuration(duration: string, factor: number): string {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (count === undefined || unit === undefined) throw new Error(`a duration like 10m is expected, found ${duration}`);
  return `${(Number(count) * MILLISECONDS[unit as keyof typeof MILLISECONDS]) / factor}ms`;
}

import { z } from 'zod';
import { markdownTable } from '../support/documents.ts';

/** What a campaign of test/server/fuzz leaves to be written down (its campaign.ts). */
export const recordSchema = z.object({
  ...{ entrance: z.enum(['gRPC', 'HTTP', 'Kafka']), what: z.string(), inputs: z.number(), seed: z.number() },
  ...{ outcomes: z.record(z.string(), z.number()), seconds: z.number(), leftBytes: z.number() },
  atRest: z.record(z.string(), z.number()),
});
export type FuzzRecord = z.output<typeof recordSchema>;

export const resultSchema = z.object({ campaigns: z.array(recordSchema) });
export type Result = z.output<typeof resultSchema>;

/** What was written before, with what has run now in its place. */
export function addRecords({ campaigns }: Result, records: readonly FuzzRecord[]): Result {
  const kept = campaigns.filter(({ what }) => !records.some((record) => record.what === what));
  const order = ['gRPC', 'HTTP', 'Kafka'];
  const all = [...kept, ...records];
  return { campaigns: all.sort((a, b) => order.indexOf(a.entrance) - order.indexOf(b.entrance)) };
}

export function describePage({ campaigns }: Result): string {
  const sum = (some: readonly FuzzRecord[]): number => some.reduce((total, { inputs }) => total + inputs, 0);
  const entrances = ['gRPC', 'HTTP', 'Kafka'] as const;
  const totals = entrances.map((entrance) => {
    const own = campaigns.filter((each) => each.entrance === entrance);
    const seconds = own.reduce((total, each) => total + each.seconds, 0);
    return [entrance, count(sum(own)), `${seconds.toFixed(0)} s`];
  });
  const rows = campaigns.map(({ entrance, what, inputs, outcomes, leftBytes, seed, seconds, atRest }) => [
    `${entrance}: ${what}`,
    count(inputs),
    describeOutcomes(outcomes),
    `${(leftBytes / 2 ** 20).toFixed(1)} MiB`,
    Object.entries(atRest)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    String(seed),
    `${seconds.toFixed(0)} s`,
  ]);
  return `# Mutated inputs

\`npm run fuzz -- --write\` writes this page: what it sent, and what was answered. Inputs are good ones with up to six changes (bytes, lengths at the edges of 32 and 64 bits, words
that mean something elsewhere), and noise, by fast-check with a seed; the tests send a few hundred of each. Every input must be answered as the campaign says, with scores or
with a fault of the caller, never with one of the server (but for health and reflection, where grpc-js answers bytes that it cannot decode with its own INTERNAL); no error may stand in the log; and nothing may stay of them: memory beyond that after the first third (less than 8 MiB), open
calls, held bytes, rows that wait, sockets. One that fails ends the command with exit code 1 and is printed with what makes it again. ${count(sum(campaigns))} inputs:

${markdownTable(['entrance', 'inputs', 'time'], totals)}

${markdownTable(['what', 'inputs', 'outcomes', 'memory left', 'at rest before and after', 'seed', 'time'], rows)}
`;
}

/** The most frequent first; the rest of many together. */
function describeOutcomes(outcomes: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(outcomes).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, MOST_OUTCOMES).map(([name, times]) => `${name} ${count(times)}`);
  const rest = sorted.slice(MOST_OUTCOMES);
  const others = rest.reduce((total, [, times]) => total + times, 0);
  return [...shown, ...(rest.length > 0 ? [`${rest.length} others ${count(others)}`] : [])].join('; ');
}
const MOST_OUTCOMES = 8;

const count = (value: number): string => value.toLocaleString('en');

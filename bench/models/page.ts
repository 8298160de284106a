import { markdownTable } from '../support/documents.ts';
import type { Many } from './many.ts';
import { RELOAD_WAYS, type Reloads, type ReloadWay } from './reloads.ts';

export interface Result {
  readonly machine: string;
  readonly reloads: Readonly<Record<ReloadWay, Reloads>>;
  /** With all of them open, and with few. */
  readonly many: { readonly all: Many; readonly few: Many };
}

/** Memory at the end, of the least that was held in a tenth before it, or after the first round, at most. */
const MEMORY_BAR = 1.1;

export interface Check {
  readonly name: string;
  readonly value: string;
  readonly isMet: boolean;
}

const WAYS = Object.keys(RELOAD_WAYS) as ReloadWay[];

export function checkBars({ reloads, many: { few } }: Result): readonly Check[] {
  const flat = (name: string, times: number): Check => ({
    ...{ name: `${name}, below ${MEMORY_BAR}`, value: times.toFixed(2), isMet: times < MEMORY_BAR },
  });
  return [
    ...WAYS.flatMap((way): Check[] => {
      const { leastMebibytes: least, failed } = reloads[way];
      return [
        flat(
          `\`${way}\`: least memory in the last tenth of the reloads, of the lowest tenth's`,
          least.at(-1)! / Math.min(...least),
        ),
        { name: `\`${way}\`: calls beside the reloads that failed, 0`, value: String(failed), isMet: failed === 0 },
      ];
    }),
    flat(
      `memory after the last round of ${few.models} models, of that after the first`,
      few.mebibytes.at(-1)! / few.mebibytes[0]!,
    ),
    { name: `models open, at most ${few.maxLoaded}`, value: String(few.open), isMet: few.open <= few.maxLoaded },
  ];
}

export const HEADING = '## What they take';

/** The section of docs/models.md. */
export function describeSection(result: Result): string {
  const { machine, reloads, many } = result;
  const { all, few } = many;
  const { each } = RELOAD_WAYS.auto;
  return `${HEADING}

\`npm run bench:models -- --models ${all.models} --max-loaded ${few.maxLoaded} --reloads ${reloads.worker.reloads} --write\` measures \`serve\` and writes this section; it ends with exit code 1 where a bar is missed. ${count(all.models)} small generated
models (16-64-64-1), of which each record names one (\`--model-field\`), are asked one after the other. Then one model of the default preset with 64 fields is
replaced again and again by \`LoadModel\`, with drift watched and an inference thread: once with \`--inference worker\`, while ${RELOAD_WAYS.worker.callers} callers score ${RELOAD_WAYS.worker.rows} rows a call; and once as \`serve\` is by default (\`auto\`), while one caller
scores single rows, at least ${each.calls} by each version, so that it gets its row program, and ${count(each.rows)} rows at once go to the thread, so that it has a session there too. A quarter as many reloads come before, to warm up. ${machine}:

${markdownTable(['what', 'figure'], manyRows(many))}

${markdownTable(['one model, replaced again and again', ...WAYS.map((way) => `\`${way}\``)], reloadRows(reloads))}

${markdownTable(
  ['bar', 'measured', 'met'],
  checkBars(result).map(({ name, value, isMet }) => [name, value, isMet ? 'yes' : '**no**']),
)}
`;
}

const mib = (values: readonly number[]): string => `${values.map((value) => value.toFixed(0)).join(', ')} MiB`;

function manyRows({ all, few }: Result['many']): string[][] {
  const [before, after] = [all.mebibytesBefore, all.mebibytes.at(-1)!];
  const each = `${((after - before) / all.models).toFixed(2)} MiB (${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB with ${count(all.open)} open)`;
  const { lastRound, again } = few.milliseconds;
  return [
    ['resident memory of an open model', each],
    [`\`--max-loaded-models ${few.maxLoaded}\`: open after ${few.mebibytes.length} rounds of all`, count(few.open)],
    ['the same: resident memory after each round', mib(few.mebibytes)],
    [
      'the same: a call whose model is opened for it; one whose model is open',
      `${lastRound.toFixed(1)} ms; ${again.toFixed(1)} ms`,
    ],
  ];
}

function reloadRows(reloads: Result['reloads']): string[][] {
  const row = (name: string, figure: (of: Reloads) => string): string[] => [
    name,
    ...WAYS.map((way) => figure(reloads[way])),
  ];
  const ms = (value: number): string => value.toPrecision(3);
  return [
    row('reloads, after those that warm up', ({ reloads: measured, warmUp }) => `${count(measured)}, ${warmUp}`),
    row('least resident memory, by tenths', ({ leastMebibytes }) => mib(leastMebibytes)),
    row('the most, likewise', ({ mostMebibytes }) => mib(mostMebibytes)),
    row(
      'growth with a reload of the second half, by least squares',
      ({ kibibytesEach }) => `${kibibytesEach.toFixed(0)} KiB`,
    ),
    row('`LoadModel` beside the callers, each', ({ secondsEach }) => `${(1000 * secondsEach).toFixed(0)} ms`),
    row('calls answered beside the reloads; failed', ({ answered, failed }) => `${count(answered)}; ${count(failed)}`),
    row(
      'a call before the first reload: p50, p99',
      ({ latency: { before } }) => `${ms(before.p50)}, ${ms(before.p99)} ms`,
    ),
    row(
      'a call beside the reloads: p50, p99, longest',
      ({ latency: { beside } }) => `${ms(beside.p50)}, ${ms(beside.p99)}, ${ms(beside.largest)} ms`,
    ),
  ];
}

/** A page with another text in the place of the section that begins with the same heading. Throws where there is none. */
export function replaceSection(page: string, section: string): string {
  const from = page.indexOf(`${HEADING}\n`);
  if (from < 0) throw new Error(`the page has no section "${HEADING}"`);
  const to = page.indexOf('\n## ', from);
  return `${page.slice(0, from)}${section}${to < 0 ? '' : page.slice(to)}`;
}

const count = (value: number): string => value.toLocaleString('en');

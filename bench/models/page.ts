import { markdownTable } from '../support/documents.ts';
import type { Many } from './many.ts';
import { CALLERS, ROWS, type Reloads } from './reloads.ts';

export interface Result {
  readonly machine: string;
  readonly reloads: Reloads;
  /** With all of them open, and with few. */
  readonly all: Many;
  readonly few: Many;
}

/** Memory at the end, of that in the first tenth or after the first round, at most. */
const MEMORY_BAR = 1.1;

export interface Check {
  readonly name: string;
  readonly value: string;
  readonly isMet: boolean;
}

export function checkBars({ reloads, few }: Result): readonly Check[] {
  const flat = (name: string, mebibytes: readonly number[]): Check => {
    const times = mebibytes.at(-1)! / mebibytes[0]!;
    return { name: `${name}, below ${MEMORY_BAR}`, value: times.toFixed(2), isMet: times < MEMORY_BAR };
  };
  return [
    flat('least memory in the last tenth of the reloads, of that in the first', reloads.leastMebibytes),
    { name: 'calls beside the reloads that failed, 0', value: String(reloads.failed), isMet: reloads.failed === 0 },
    flat(`memory after the last round of ${few.models} models, of that after the first`, few.mebibytes),
    { name: `models open, at most ${few.maxLoaded}`, value: String(few.open), isMet: few.open <= few.maxLoaded },
  ];
}

export const HEADING = '## What they take';

/** The section of docs/models.md. */
export function describeSection(result: Result): string {
  const { machine, reloads, all, few } = result;
  const mib = (values: readonly number[]): string => `${values.map((value) => value.toFixed(0)).join(', ')} MiB`;
  const [before, after] = [all.mebibytesBefore, all.mebibytes.at(-1)!];
  const each = `${((after - before) / all.models).toFixed(2)} MiB (${before.toFixed(0)} MiB before, ${after.toFixed(0)} MiB with ${count(all.open)} open)`;
  const { lastRound, again } = few.milliseconds;
  const rows = [
    ['resident memory of an open model', each],
    [`\`--max-loaded-models ${few.maxLoaded}\`: open after ${few.mebibytes.length} rounds of all`, count(few.open)],
    ['the same: resident memory after each round', mib(few.mebibytes)],
    [
      'the same: a call whose model is opened for it; one whose model is open',
      `${lastRound.toFixed(1)} ms; ${again.toFixed(1)} ms`,
    ],
    [`least resident memory over ${reloads.reloads} reloads, by tenths`, mib(reloads.leastMebibytes)],
    ['the most, likewise', mib(reloads.mostMebibytes)],
    ['`LoadModel` beside the callers, each', `${(1000 * reloads.secondsEach).toFixed(0)} ms`],
    ['calls answered beside the reloads; failed', `${count(reloads.answered)}; ${count(reloads.failed)}`],
  ];
  return `${HEADING}

\`npm run bench:models -- --models ${all.models} --max-loaded ${few.maxLoaded} --reloads ${reloads.reloads} --write\` measures \`serve\` and writes this section; it ends with exit code 1 where a bar is missed. ${count(all.models)} small generated
models (16-64-64-1), of which each record names one (\`--model-field\`), are asked one after the other. Then one model of the default preset with 64 fields is
replaced ${reloads.reloads} times by \`LoadModel\`, behind ${reloads.warmUp} that warm up, with drift watched and an inference thread, while ${CALLERS} callers score ${ROWS} rows a call. ${machine}:

${markdownTable(['what', 'figure'], rows)}

${markdownTable(
  ['bar', 'measured', 'met'],
  checkBars(result).map(({ name, value, isMet }) => [name, value, isMet ? 'yes' : '**no**']),
)}
`;
}

/** A page with another text in the place of the section that begins with the same heading. Throws where there is none. */
export function replaceSection(page: string, section: string): string {
  const from = page.indexOf(`${HEADING}\n`);
  if (from < 0) throw new Error(`the page has no section "${HEADING}"`);
  const to = page.indexOf('\n## ', from);
  return `${page.slice(0, from)}${section}${to < 0 ? '' : page.slice(to)}`;
}

const count = (value: number): string => value.toLocaleString('en');

import { markdownTable, percent } from '../support/documents.ts';
import { SCOPES, type Scope } from './half-precision.ts';
import { RATE, type HalfLoss, type HalfMeasurement } from './measure.ts';

/** The most that half precision may cost. */
const BAR = 0.001;
const scopes = Object.keys(SCOPES) as Scope[];

/** What half precision costs, as a page. */
export function describeHalf(machine: string, measurements: readonly HalfMeasurement[]): string {
  const sets = [...new Set(measurements.map(({ set }) => set))];
  const rows = scopes.flatMap((scope) =>
    sets.map((set) => {
      const those = measurements.filter((each) => each.set === set);
      const summary = summarise(those, scope);
      const single = mean(those.map(({ auroc }) => auroc));
      return [scope, set, percent(single, 3), ...summary];
    }),
  );
  return `# Half precision

\`npm run bench:half -- --write\` made this page: ${sets.length} labelled sets, seeds ${[...new Set(measurements.map(({ seed }) => seed))].join(', ')}, the default model trained in single
precision, its test rows scored in single precision and in half (float16): every operand and every result of the named part is rounded to float16, sums are kept
in single precision, as matrix units do. ${machine}. Half of the normal test rows calibrate, in single precision; p-values and verdicts are of the others.

Three parts are tried:

${scopes.map((scope) => `- **${scope}**: ${SCOPES[scope]}.`).join('\n')}

${markdownTable(['part', 'set', 'AUROC, %', 'largest difference of AUROC', 'largest of average precision', 'largest of a p-value', 'mean of p-values', `verdicts changed at ${percent(RATE, 0)} %`], rows)}

${scopes.map((scope) => verdict(measurements, scope)).join('\n\n')}

Asked to compute in float16 on this processor, ONNX Runtime takes ${scopes.map((scope) => `${slower(measurements, scope)} times as long for a row (${scope})`).join(', ')}. What a
GPU would gain is **not measured**.

Half precision is not offered: [decision 0028](decisions/0028-no-half-precision.md).
`;
}

function summarise(those: readonly HalfMeasurement[], scope: Scope): string[] {
  const losses = those.map((each) => ({ ...lossOf(each, scope), single: each }));
  const largest = (of: (loss: (typeof losses)[number]) => number | null): string => {
    const values = losses.map(of);
    return values.some((value) => value === null) ? 'not finite' : Math.max(...(values as number[])).toFixed(5);
  };
  const changed = losses.map((loss) => loss.changed);
  return [
    largest(({ auroc, single }) => auroc && Math.abs(auroc - single.auroc)),
    largest(({ averagePrecision, single }) => averagePrecision && Math.abs(averagePrecision - single.averagePrecision)),
    largest(({ worstP }) => worstP),
    largest(({ meanP }) => meanP),
    changed.some((share) => share === null) ? 'not finite' : `${percent(mean(changed as number[]))} %`,
  ];
}

function verdict(measurements: readonly HalfMeasurement[], scope: Scope): string {
  const gaps = measurements.map((each) => {
    const { auroc } = lossOf(each, scope);
    return auroc === null ? Infinity : Math.abs(auroc - each.auroc);
  });
  const worst = Math.max(...gaps);
  const size = Number.isFinite(worst) ? `AUROC moves by up to ${worst.toFixed(5)}` : 'some scores are not finite';
  return `**${scope}**: ${size}; the bar is ${BAR}: ${worst < BAR ? 'met' : 'missed'}.`;
}

function slower(measurements: readonly HalfMeasurement[], scope: Scope): string {
  return mean(measurements.map((each) => lossOf(each, scope).microseconds / each.microseconds)).toFixed(1);
}

const lossOf = ({ losses }: HalfMeasurement, scope: Scope): HalfLoss => losses.find((loss) => loss.scope === scope)!;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

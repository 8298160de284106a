import { AristarchError } from '../base/errors.ts';

/** Which values of a label column are normal; at most one of the two is given. */
export interface LabelRule {
  readonly normal?: string;
  readonly anomaly?: string;
}

/** Normal without being told; compared without case. 0 also stands for 0.0, false for a boolean. */
const NORMAL_BY_DEFAULT = ['0', 'false', 'normal'];
const SHOWN_VALUES = 20;

/** One text for each row, null where it has none. */
export interface LabelColumn {
  readonly name: string;
  /** Distinct values in the order in which they were met. */
  readonly values: readonly string[];
  /** Index into `values` for each row. */
  readonly codes: Uint32Array;
}

export interface Labels {
  /** 1 for an anomaly, 0 for a normal row. */
  readonly anomalous: Uint8Array;
  readonly normalValues: readonly string[];
  readonly anomalyValues: readonly string[];
}

/** Throws `INVALID_INPUT` with the values that were found where the rule does not split them in two. */
export function toLabels(column: LabelColumn, rule: LabelRule): Labels {
  const isNormal = createRule(column, rule);
  const normalValues = column.values.filter(isNormal);
  const anomalyValues = column.values.filter((value) => !isNormal(value));
  const kinds = { 'a normal': normalValues, 'an anomalous': anomalyValues };
  for (const [kind, values] of Object.entries(kinds)) {
    if (values.length === 0) {
      throw labelError(column, `no row has ${kind} value, so that there is nothing to tell apart; ${REMEDY}`);
    }
  }
  const flags = Uint8Array.from(column.values, (value) => (isNormal(value) ? 0 : 1));
  return { anomalous: Uint8Array.from(column.codes, (code) => flags[code]!), normalValues, anomalyValues };
}

const REMEDY = 'name the normal value with --normal V, or the anomalous one with --anomaly V';

function createRule(column: LabelColumn, { normal, anomaly }: LabelRule): (value: string) => boolean {
  if (normal !== undefined && anomaly !== undefined) {
    throw new AristarchError('INVALID_INPUT', 'give --normal or --anomaly, not both', { normal, anomaly });
  }
  if (normal !== undefined) return checkFound(column, normal, '--normal', (value) => value === normal);
  if (anomaly !== undefined) return checkFound(column, anomaly, '--anomaly', (value) => value !== anomaly);
  const isDefault = (value: string) => NORMAL_BY_DEFAULT.includes(value.toLowerCase());
  if (column.values.some(isDefault)) return isDefault;
  throw labelError(column, `none of its values is normal by default (0, false, normal): ${REMEDY}`);
}

function checkFound<R>(column: LabelColumn, value: string, flag: string, rule: R): R {
  if (column.values.includes(value)) return rule;
  throw labelError(column, `${flag} is ${JSON.stringify(value)}, which no row has`);
}

function labelError({ name, values }: LabelColumn, fault: string): AristarchError {
  const shown = values.slice(0, SHOWN_VALUES).map((value) => JSON.stringify(value));
  const more = values.length > shown.length ? ` and ${values.length - shown.length} more` : '';
  const message = `label column "${name}": ${fault}. Its values: ${shown.join(', ')}${more}`;
  return new AristarchError('INVALID_INPUT', message, { column: name, values: values.slice(0, SHOWN_VALUES) });
}

import { AristarchError } from '../base/errors.ts';
import { suggestNames } from '../base/near-names.ts';
import type { Column } from './column-class.ts';
import type { Database } from './duckdb.ts';
import { parseFault } from './duckdb-faults.ts';
import { quoteText } from './sql.ts';

/**
 * Checks that a condition is one boolean SQL expression over the columns of `scan`, and returns it in brackets. It is the
 * user's own SQL by design; what it must not be is anything else than a condition: a second statement, a union, a group.
 */
export async function checkWhere(
  db: Database,
  scan: string,
  columns: readonly Column[],
  where: string,
): Promise<string> {
  // The line breaks keep a trailing comment from swallowing the bracket.
  const condition = `(\n${where}\n)`;
  await checkIsExpression(db, where, `SELECT 1 FROM data WHERE ${condition}`);
  try {
    await db.rows(`DESCRIBE SELECT 1 FROM ${scan} WHERE ${condition}`);
    const [described] = await db.rows(`DESCRIBE SELECT ${condition} AS condition FROM ${scan}`);
    checkIsBoolean(where, String(described?.['column_type']));
  } catch (thrown) {
    throw toWhereError(thrown, where, columns);
  }
  return condition;
}

async function checkIsExpression(db: Database, where: string, statement: string): Promise<void> {
  const [row] = await db.rows(`SELECT CAST(json_serialize_sql(${quoteText(statement)}) AS VARCHAR) AS tree`);
  const tree = JSON.parse(String(row?.['tree'])) as SerializedSql;
  if (tree.error) throw whereError(where, tree.error_message);
  const [only, ...others] = tree.statements;
  if (only === undefined || others.length > 0 || !isPlainSelect(only.node)) {
    throw whereError(where, 'it is more than one condition');
  }
}

/** The part of `json_serialize_sql` that is looked at. */
type SerializedSql =
  | { readonly error: true; readonly error_message: string }
  | { readonly error: false; readonly statements: readonly { readonly node: SelectNode }[] };

interface SelectNode {
  readonly type: string;
  readonly modifiers?: readonly unknown[];
  readonly group_expressions?: readonly unknown[];
  readonly group_sets?: readonly unknown[];
  readonly having?: unknown;
  readonly qualify?: unknown;
  readonly sample?: unknown;
}

function isPlainSelect(node: SelectNode): boolean {
  const clauses = [node.modifiers, node.group_expressions, node.group_sets].every((list) => (list ?? []).length === 0);
  const others = [node.having, node.qualify, node.sample].every((clause) => clause === null || clause === undefined);
  return node.type === 'SELECT_NODE' && clauses && others;
}

function checkIsBoolean(where: string, type: string): void {
  if (type !== 'BOOLEAN') throw whereError(where, `its value is ${type}, not true or false; write a comparison`);
}

function toWhereError(thrown: unknown, where: string, columns: readonly Column[]): AristarchError {
  if (thrown instanceof AristarchError) return thrown;
  const { message } = parseFault(thrown);
  const unknown = /^Referenced column "(.+?)" (was )?not found/.exec(message)?.[1];
  if (unknown === undefined) return whereError(where, message.split('\n')[0]!, thrown);
  const names = columns.map(({ name }) => name);
  const hint = `there is no column "${unknown}".${suggestNames(unknown, names)} Text is written in single quotes`;
  return whereError(where, hint, thrown);
}

function whereError(where: string, reason: string, cause?: unknown): AristarchError {
  const message = `--where ${JSON.stringify(where)} cannot be used: ${reason}. Give one condition, such as "label = 0"`;
  return new AristarchError('INVALID_INPUT', message, { where }, cause);
}

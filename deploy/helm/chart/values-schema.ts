import { isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { JsonSchema } from './schema-rules.ts';

export interface SchemaParts {
  /** By path, in the place of what the default shows. */
  readonly rules: Readonly<Record<string, JsonSchema>>;
  /** Paths that may be given as null beside those whose default is empty: templates leave the field out then. */
  readonly optional: readonly string[];
}

/**
 * The schema of a chart's values, made of its defaults: unknown keys are refused, and each value has its default's type or a
 * rule. Throws for an empty map or list without a rule, and for a rule of a value that there is not.
 */
export function createValuesSchema(root: YAMLMap, { rules, optional }: SchemaParts): JsonSchema {
  const used = new Set<string>();
  const schema = schemaOf(root, '', {
    ruleOf: (path) => {
      used.add(path);
      return rules[path];
    },
    isOptional: (path) => optional.includes(path),
  });
  const idle = [...Object.keys(rules), ...optional].filter((path) => !used.has(path));
  if (idle.length > 0) throw new Error(`rules of values that there are not: ${idle.join(', ')}`);
  // Helm itself adds `global` where the chart is a part of another one.
  const properties = { ...(schema['properties'] as JsonSchema), global: { type: 'object' } };
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Values of aristarch', ...schema, properties };
}

interface Told {
  readonly ruleOf: (path: string) => JsonSchema | undefined;
  readonly isOptional: (path: string) => boolean;
}

function schemaOf(node: Node, path: string, told: Told): JsonSchema {
  const rule = told.ruleOf(path);
  if (rule !== undefined) return rule;
  if (isScalar(node)) return { type: SCALARS[typeof node.value] ?? fail(path) };
  if (!isMap<{ value: string }, Node>(node) || node.items.length === 0) return fail(path);
  const inside = (key: string): string => (path === '' ? key : `${path}.${key}`);
  const properties = node.items.map(
    ({ key, value }) => [key.value, schemaOf(value!, inside(key.value), told)] as const,
  );
  const described: Readonly<Record<string, JsonSchema>> = Object.fromEntries(properties);
  const required = Object.keys(described).filter(
    (key, i) => !told.isOptional(inside(key)) && !mayBeMissing(key, node.items[i]!.value!, described[key]!),
  );
  return {
    type: 'object',
    additionalProperties: false,
    properties: described,
    ...(required.length > 0 && { required }),
  };
}

/**
 * Helm takes a value away that is given as null, and a template that needs it would end in its middle. What is empty by default may be away, for it
 * means the same (but not where templates look inside); so may a list that may be empty, and what is asked for of a node, for those who ask for nothing.
 */
function mayBeMissing(key: string, node: Node, schema: JsonSchema): boolean {
  if (['resources', 'requests', 'limits'].includes(key)) return true;
  if (isScalar(node)) return node.value === '';
  if (isSeq(node)) return schema['minItems'] === undefined;
  return isMap(node) && node.items.length === 0 && schema['properties'] === undefined;
}

const SCALARS: Readonly<Record<string, string>> = { string: 'string', number: 'number', boolean: 'boolean' };

function fail(path: string): never {
  throw new Error(`the default of ${path} does not show what it may be: give it a rule`);
}

export interface ValueRow {
  readonly path: string;
  readonly fallback: string;
  /** From the comment above it, which begins with `--`. */
  readonly description: string | undefined;
}

/** Each value that has no values of its own inside, with its default and its comment. */
export function listValues(node: YAMLMap, prefix = ''): readonly ValueRow[] {
  return (node as YAMLMap<{ value: string; commentBefore?: string }, Node>).items.flatMap(({ key, value }, i) => {
    const path = prefix + key.value;
    // The comment above the first key belongs to the map.
    const comment = key.commentBefore ?? (i === 0 ? node.commentBefore : undefined);
    const description = /(?:^|\n)\s*-- (.*)$/s.exec(comment ?? '')?.[1]?.trim();
    const isLeaf = !isMap(value) || value.items.length === 0 || description !== undefined;
    if (!isLeaf) return listValues(value, `${path}.`);
    const plain: unknown = isSeq(value) || isMap(value) || isScalar(value) ? value.toJSON() : undefined;
    return [{ path, fallback: JSON.stringify(plain), description }];
  });
}
